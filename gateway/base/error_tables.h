// The catalogue's texts, in three files only because of their size. Used by errors.cpp alone.
#pragma once

#include <span>

#include "gateway/base/errors.h"

namespace till::error_tables {

std::span<const CatalogueEntry> values_and_devices();
std::span<const CatalogueEntry> register_and_sale();
std::span<const CatalogueEntry> customer_and_running();

}  // namespace till::error_tables
