path: gateway/loyalty/x.cpp
#include <sys/socket.h>
