path: gateway/link/x.cpp
#include "protocols/central/central.pb.h"
