path: gateway/app/x.cpp
#include <spdlog/spdlog.h>
