// What drivers and the desk say in English, in the till's language. They cannot know it: a driver
// is another program, and what the desk says is kept in the journal.
#pragma once

#include <string>
#include <string_view>

#include "gateway/base/errors.h"

namespace till::app {

// Known phrases inside `text` replaced; the rest (field names, numbers) stays.
std::string in_words(std::string text, Language language);

// A field of a register's state or of a document as a person reads it; English ones stay as the
// JSON names them.
std::string label(std::string_view field, Language language);
// What such a field holds when it is a word of ours ("open", "sale", "true").
std::string word(std::string_view value, Language language);

// The state of a sale, and what devices are and do, as a cashier reads them.
std::string sale_word(std::string_view state, Language language);
std::string device_word(std::string_view kind_or_state, Language language);

}  // namespace till::app
