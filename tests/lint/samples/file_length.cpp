path: gateway/app/x.cpp
int x;
