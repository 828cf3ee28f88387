path: gateway/loyalty/x.cpp
double total = 0;
