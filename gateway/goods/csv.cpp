#include "gateway/goods/csv.h"

#include <algorithm>

namespace till::goods {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
    const auto first = text_.substr(0, text_.find('\n'));
    file_.separator = first.find(';') == std::string_view::npos ? ',' : ';';
  }

  Result<CsvFile> read() {
    while (at_ < text_.size()) {
      CsvRow row{.line = line_, .cells = {}};
      do {
        row.cells.push_back(TILL_TRY(cell()));
      } while (take(file_.separator));
      take('\r');
      if (at_ < text_.size() && !take('\n')) return bad("text after a closing quote");
      ++line_;
      if (row.cells.size() > 1 || !row.cells[0].empty()) file_.rows.push_back(std::move(row));
    }
    return std::move(file_);
  }

 private:
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  [[nodiscard]] std::unexpected<Error> bad(std::string_view why) const {
    return fail(Code::kBadFile, "line " + std::to_string(line_) + ": " + std::string(why));
  }

  Result<std::string> cell() {
    if (take('"')) return quoted();
    const std::string_view stops = file_.separator == ';' ? ";\r\n" : ",\r\n";
    const auto end = std::min(text_.find_first_of(stops, at_), text_.size());
    const auto plain = text_.substr(at_, end - at_);
    if (plain.find('"') != std::string_view::npos) return bad("a quote inside a cell");
    at_ = end;
    return std::string(plain);
  }

  Result<std::string> quoted() {
    std::string value;
    const auto begins = line_;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"' && !take('"')) return value;
      if (c == '\n') ++line_;
      value += c;
    }
    line_ = begins;
    return bad("a quote that never ends");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  CsvFile file_;
};

}  // namespace

Result<CsvFile> parse_csv(std::string_view text) { return Reader(text).read(); }

}  // namespace till::goods
