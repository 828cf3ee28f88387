// Why a program or a basket is refused, in Russian. The loader and the checks speak English; the
// names of fields stay as they are in the file.
#pragma once

#include <string>

#include "gateway/base/errors.h"

namespace till::loyalty {

// What a person reads of a refusal: its detail too in that language.
std::string refusal_text(Error error, Language language);

// Every phrase of ours inside `detail` replaced. tests/loyalty/refusals_test.py holds the two
// together.
std::string refusal_in_russian(std::string detail);

}  // namespace till::loyalty
