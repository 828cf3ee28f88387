// What drivers and the desk say in English, in the till's language. They cannot know it: a driver
// is another program, and what the desk says is kept in the journal.
#pragma once

#include <string>

#include "gateway/base/errors.h"

namespace till::app {

// Known phrases inside `text` replaced; the rest (field names, numbers) stays.
std::string in_words(std::string text, Language language);

}  // namespace till::app
