// ATOL fiscal registers through the vendor's driver 10 (libfptr10.so).
#include "library_register.h"

TILLBRIDGE_PLUGIN(till::atol::LibraryRegister)
