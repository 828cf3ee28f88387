path: gateway/app/x.cpp
open("/home/user/x");
