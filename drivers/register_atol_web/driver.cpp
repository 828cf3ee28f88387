// ATOL fiscal registers through the vendor's web server (HTTP API v2).
#include "web_register.h"

TILLBRIDGE_PLUGIN(till::atol::WebRegister)
