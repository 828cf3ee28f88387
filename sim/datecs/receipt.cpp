// Fiscal receipts: opened, filled, paid, closed.
#include <fmt/core.h>

#include <algorithm>

#include "sim/base/civil.h"
#include "sim/base/codepage.h"
#include "sim/datecs/device.h"

namespace till::sim::datecs {
namespace {

constexpr size_t kColumns = 42;
constexpr size_t kMaxText = 2000;  // lines of paper in one receipt
constexpr const char* kModes = "PNCDIJKLijklmnopqrs";
constexpr const char* kEnabledGroups = "ABCD";

std::string utf8(const std::string& cp1251) { return decode(Codepage::kCp1251, view_of(cp1251)); }

// "DT000600-OP01-0001000"
bool is_unp(const std::string& text) {
  static constexpr std::string_view kForm = "AA999999-XXXX-9999999";
  if (text.size() != kForm.size()) return false;
  for (size_t i = 0; i < kForm.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    const bool letter = (text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= 'a' && text[i] <= 'z');
    const bool fits = kForm[i] == '9'   ? digit
                      : kForm[i] == 'A' ? letter
                      : kForm[i] == 'X' ? digit || letter
                                        : text[i] == '-';
    if (!fits) return false;
  }
  return true;
}

// DDMMYYhhmmss
std::optional<int64_t> short_moment(const std::string& text) {
  if (text.size() != 12 || !whole_number(text, 12)) return std::nullopt;
  const auto two = [&](size_t at) { return std::stoi(text.substr(at, 2)); };
  return seconds_of({2000 + two(4), two(2), two(0), two(6), two(8), two(10)});
}

// What stands behind the TAB of a sale: <TaxCd><[-]Price>[*Qty[#Unit]].
int parse_sale(const std::string& text, Item& item) {
  if (text.empty()) return err::kSyntax;
  item.group = text[0];
  if (item.group < 'A' || item.group > 'H') return err::kBadGroup;
  if (!std::string_view(kEnabledGroups).contains(item.group)) return err::kGroupDisabled;
  if (text.find_first_of(",;") != std::string::npos) return err::kNotPermitted;  // discounts
  std::string rest = text.substr(1);
  if (rest.starts_with('-')) return err::kNegative;
  if (const size_t star = rest.find('*'); star != std::string::npos) {
    const auto quantity = decimal_of(rest.substr(star + 1, rest.find('#') - star - 1), 3);
    if (!quantity) return err::kSyntax;
    item.quantity = *quantity;
    rest.resize(star);
  }
  const auto price = decimal_of(rest, 2);
  if (!price) return err::kSyntax;
  if (*price == 0 || item.quantity == 0) return err::kZeroPrice;
  if (*price > 999999'99 || item.quantity > 99999'999) return err::kOverflow;
  item.price = *price;
  item.sum = line_sum(item.price, item.quantity);
  return item.sum > 999999'99 ? err::kOverflow : err::kNone;
}

}  // namespace

int64_t Device::Open::subtotal() const {
  int64_t sum = 0;
  for (const Item& item : document.items) sum += item.sum;
  return sum;
}

int Device::may_open(Ms now) const {
  if (open_ || service_) return err::kReceiptOpen;
  if (memory_full()) return err::kNotPermitted;
  if (seconds(now) < last()->seconds) return err::kBeforeLastDocument;
  for (const Document* d : day()) {
    const bool receipt = d->kind == Kind::kSale || d->kind == Kind::kReturn;
    if (receipt && seconds(now) - d->seconds >= kDaySeconds) return err::kDayTooLong;
  }
  return err::kNone;
}

// The operator, his password and the till: the first three fields.
int Device::who(const std::vector<std::string>& fields, Document& document) {
  if (fields.size() < 3) return err::kSyntax;
  const auto op = whole_number(fields[0], 2), till = whole_number(fields[2], 5);
  if (!op || *op < 1 || *op > 16 || !till || *till < 1) return err::kSyntax;
  if (fields[1] != options_.password) {
    ++wrong_passwords_;
    return err::kPassword;
  }
  wrong_passwords_ = 0;
  document.op = static_cast<int>(*op);
  document.till = static_cast<int>(*till);
  return err::kNone;
}

int Device::take_unp(const std::string& given, Document& document) const {
  if (given.empty()) {
    if (last_sale_ == 0) return err::kNoUnp;
    document.unp = fmt::format("{}-{:04}-{:07}", options_.serial, document.op, last_sale_ + 1);
    return err::kNone;
  }
  if (!is_unp(given)) return err::kSyntax;
  if (*whole_number(given.substr(14), 7) <= last_sale_) return err::kUnpMustIncrease;
  document.unp = given;
  return err::kNone;
}

Device::Outcome Device::open_receipt(const Call& call) {
  if (call.data.empty()) return good(last_sale_ == 0 ? "" : fmt::format("{:07}", last_sale_));
  if (call.data == "*") {
    const auto& all = memory_.documents();
    const auto found = std::find_if(all.rbegin(), all.rend(), [this](const Document& d) {
      return d.fm == fm_ && (d.kind == Kind::kSale || d.kind == Kind::kReturn);
    });
    if (found == all.rend()) return fail(err::kNoDocument);
    return good(fmt::format("{},{}{}", found->number, found->unp,
                            found->undone ? "," + found->undone->unp : ""));
  }
  if (!paper_ || cover_open_) return fail(err::kNoPaper);
  if (wrong_passwords_ >= 3) return fail(err::kBlocked);
  const auto fields = split(call.data, ',');
  if (const int error = may_open(call.now); error != err::kNone) return fail(error);
  Document document{.kind = Kind::kSale};
  if (const int error = who(fields, document); error != err::kNone) return fail(error);
  if (fields.size() > 4) return fail(fields[3] == "I" ? err::kInvoice : err::kSyntax);
  const std::string unp = fields.size() == 4 ? fields[3] : "";
  if (const int error = take_unp(unp, document); error != err::kNone) return fail(error);
  open_.emplace(Open{std::move(document), {}});
  count_lines();
  put(call.now, "        МАГАЗИН 1");
  put(call.now, "        СОФИЯ, УЛ. ШИПКА 1");
  put(call.now, open_->document.unp);
  put(call.now, fmt::format("ОПЕРАТОР {}  КАСА {}", open_->document.op, open_->document.till));
  const auto today = day();
  return good(fmt::format("{:04},{:04}", today.size() + 1,
                          std::ranges::count(today, Kind::kSale, &Document::kind) + 1));
}

Device::Outcome Device::open_storno(const Call& call) {
  if (wrong_passwords_ >= 3) return fail(err::kBlocked);
  const auto fields = split(call.data.substr(0, call.data.find('#')), ',');
  if (const int error = may_open(call.now); error != err::kNone) return fail(error);
  Document document{.kind = Kind::kReturn};
  if (const int error = who(fields, document); error != err::kNone) return fail(error);
  const size_t at = fields.size() == 8 ? 4 : 3;  // its own number may be missing
  if (fields.size() != at + 4) return fail(err::kSyntax);
  if (const int error = take_unp(at == 4 ? fields[3] : "", document); error != err::kNone) {
    return fail(error);
  }
  Undone undone{fields[at].empty() ? '?' : fields[at][0], 0, 0, fields[at + 1], fields[at + 3]};
  const auto number = whole_number(fields[at].substr(std::min<size_t>(1, fields[at].size())), 7);
  const auto time = short_moment(fields[at + 2]);
  if (!number || !is_unp(undone.unp) || !std::string_view("ERT").contains(undone.type)) {
    return fail(err::kSyntax);
  }
  if (!time || *time > seconds(call.now)) return fail(err::kBadReturn);
  undone.document = static_cast<uint32_t>(*number);
  undone.seconds = *time;
  document.undone = std::move(undone);
  open_.emplace(Open{std::move(document), {}});
  count_lines();
  put(call.now, "        МАГАЗИН 1");
  put(call.now, "С Т О Р Н О");
  put(call.now, open_->document.unp);
  put(call.now, fmt::format("КЪМ {} {}", fields[at], fields[at + 1]));
  return good("0001,0001");
}

Device::Outcome Device::sale(const Call& call) {
  if (!open_) return fail(err::kNoReceipt);
  if (open_->paid > 0) return fail(err::kPaymentStarted);
  if (open_->document.items.size() >= kMaxSales) return fail(err::kTooManySales);
  const size_t tab = call.data.find('\t');
  if (tab == std::string::npos || call.data.find('\t', tab + 1) != std::string::npos) {
    return fail(err::kSyntax);
  }
  Item item;
  const auto lines = split(call.data.substr(0, tab), '\n');
  if (lines.size() > 2) return fail(err::kSyntax);
  for (const std::string& line : lines) {
    if (line.size() > 42) return fail(err::kSyntax);
    item.name += utf8(line);
  }
  if (const int error = parse_sale(call.data.substr(tab + 1), item); error != err::kNone) {
    return fail(error);
  }
  put(call.now, item.name);
  put(call.now, fmt::format("  {}.{:03} x {}  {} {}", item.quantity / 1000, item.quantity % 1000,
                            money_text(item.price), money_text(item.sum), item.group));
  open_->document.items.push_back(std::move(item));
  return good();
}

Device::Outcome Device::subtotal(const Call& call) {
  if (!open_) return fail(err::kNoReceipt);
  if (call.data.size() != 2 || call.data.find_first_not_of("01") != std::string::npos) {
    return fail(err::kSyntax);
  }
  std::string data = std::to_string(open_->subtotal());
  for (const int64_t sum : open_->document.groups()) data += "," + std::to_string(sum);
  return good(data);
}

Device::Outcome Device::payment(const Call& call) {
  if (!open_) return fail(err::kNoReceipt);
  if (open_->document.items.empty()) return fail(err::kNotPermitted);
  const int64_t due = open_->subtotal() - open_->paid;
  if (due <= 0) return fail(err::kAlreadyPaid);
  const size_t tab = call.data.find('\t');
  if (tab == std::string::npos) return fail(err::kSyntax);
  std::string rest = call.data.substr(tab + 1);
  Payment paid{'P', due};
  if (!rest.empty()) {
    paid.mode = rest[0];
    if (!std::string_view(kModes).contains(paid.mode)) return fail(err::kPaymentType);
    rest.erase(0, 1);
    if (rest.starts_with('+')) rest.erase(0, 1);
    const auto amount = decimal_of(rest, 2);
    if (!amount || *amount == 0) return fail(err::kSyntax);
    paid.amount = *amount;
  }
  const bool is_return = open_->document.kind == Kind::kReturn;
  if (paid.amount > due && (paid.mode != 'P' || is_return)) return fail(err::kNoChange);
  if (is_return && paid.mode == 'P' && paid.amount > cash_) return fail(err::kNotEnoughCash);
  if (open_->paid == 0) put(call.now, "ОБЩА СУМА  " + money_text(open_->subtotal()));
  put(call.now, fmt::format("{}  {}", paid.mode, money_text(paid.amount)));
  open_->paid += paid.amount;
  const int64_t change = paid.amount - due;
  paid.amount = std::min(paid.amount, due);
  open_->document.payments.push_back(paid);
  if (change >= 0) ++drawer_pulses_;
  return good(change < 0 ? fmt::format("D{}", -change) : fmt::format("R{}", change));
}

Device::Outcome Device::fiscal_text(const Call& call) {
  if (!open_) return fail(err::kNoReceipt);
  if (open_->body.size() >= kMaxText) return fail(err::kNotPermitted);
  std::string text = call.data;
  if (text.starts_with('\t'))
    text.erase(0, std::min(text.find_first_not_of("\t0123BHI"), text.size()));
  put(call.now, "#" + utf8(text.substr(0, kColumns - 2)) + "#");
  return good();
}

Device::Outcome Device::made(std::string data) const {
  return options_.cutter_jams ? fail(err::kCutter) : good(std::move(data));
}

Device::Outcome Device::close_plan(Ms now) {
  // Asked again: what was sound may have been replaced meanwhile.
  if (!open_ || open_->paid < open_->subtotal()) return fail(err::kNotPaid);
  Document d = open_->document;
  d.total = open_->subtotal();
  d.paper = open_->body;
  if (!keep(now, std::move(d), true)) return fail(err::kJournal);
  open_.reset();
  const auto today = day();
  return made(fmt::format("{:04},{:04}", today.size(),
                          std::ranges::count(today, Kind::kSale, &Document::kind)));
}

Device::Outcome Device::close_receipt(const Call& call) {
  if (!call.data.empty()) return fail(err::kSyntax);
  if (!open_) return fail(err::kNoReceipt);
  if (open_->document.items.empty() || open_->paid < open_->subtotal()) {
    return fail(err::kNotPaid);
  }
  return {err::kNone, {}, [this](Ms now) { return close_plan(now); }};
}

Device::Outcome Device::cancel_receipt(const Call& call) {
  if (!call.data.empty()) return fail(err::kSyntax);
  if (!open_) return fail(err::kNoReceipt);
  if (open_->paid > 0) return fail(err::kPaymentStarted);
  put(call.now, "= А Н У Л И Р А Н =");
  Document d = open_->document;
  d.kind = Kind::kCancelled;
  d.total = open_->subtotal();
  d.paper = open_->body;
  if (!keep(call.now, std::move(d), true)) return fail(err::kJournal);
  open_.reset();
  return good();
}

Device::Outcome Device::receipt_state(const Call& call) {
  if (!call.data.empty() && call.data != "T") return fail(err::kSyntax);
  const Document* before = last();
  const bool open = open_ || service_;
  const size_t items = open_ ? open_->document.items.size() : before->items.size();
  const int64_t amount = open_ ? open_->subtotal() : before->total;
  const int64_t paid = open_ ? open_->paid : before->total;
  std::string data = fmt::format("{},{:04},{:+09}", open ? 1 : 0, items, amount);
  if (call.data == "T") data += fmt::format(",{:+09}", paid);
  return good(data);
}

Device::Outcome Device::receipt_sums(const Call&) {
  std::string data = "0";
  const auto sums = open_ ? open_->document.groups() : std::array<int64_t, 8>{};
  for (const int64_t sum : sums) data += fmt::format(",{}", sum);
  return good(data + ",0,0000000000");
}

}  // namespace till::sim::datecs
