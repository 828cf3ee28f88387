path: drivers/x/driver.cpp
#include "gateway/base/log.h"
