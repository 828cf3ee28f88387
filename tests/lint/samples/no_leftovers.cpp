path: gateway/app/x.cpp
// TODO later
