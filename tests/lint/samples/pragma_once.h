path: gateway/app/x.h
int x;
