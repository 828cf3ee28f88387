path: gateway/app/x.cpp
int f() {
  body;
}
