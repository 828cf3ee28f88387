#include "sim/datecs/device.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "sim/base/civil.h"

namespace till::sim::datecs {
namespace {

constexpr Ms kSynEvery = 60;

}  // namespace

const Device::Command* Device::command_of(uint8_t code) {
  using D = Device;
  static const std::map<uint8_t, Command> kCommands = {
      {0x20, {&D::last_error, false}},    {0x26, {&D::open_service, true}},
      {0x27, {&D::close_service, true}},  {0x2A, {&D::service_text, true}},
      {0x2C, {&D::feed, true}},           {0x2E, {&D::open_storno, true}},
      {0x30, {&D::open_receipt, false}},  {0x31, {&D::sale, true}},
      {0x33, {&D::subtotal, false}},      {0x35, {&D::payment, true}},
      {0x36, {&D::fiscal_text, true}},    {0x38, {&D::close_receipt, true}},
      {0x3C, {&D::cancel_receipt, true}}, {0x3D, {&D::set_clock, false}},
      {0x3E, {&D::clock, false}},         {0x40, {&D::last_record, false}},
      {0x41, {&D::day_sums, false}},      {0x45, {&D::daily_report, true}},
      {0x46, {&D::cash, false}},          {0x4A, {&D::printer_status, false}},
      {0x4C, {&D::receipt_state, false}}, {0x5A, {&D::diagnostics, false}},
      {0x53, {&D::rates, false}},         {0x67, {&D::receipt_sums, false}},
      {0x6A, {&D::drawer, false}},        {0x6D, {&D::copy, true}},
      {0x71, {&D::last_document, false}}, {0x77, {&D::journal, false}},
  };
  const auto at = kCommands.find(code);
  return at == kCommands.end() ? nullptr : &at->second;
}

Device::Device(Options options, Memory& memory, RegisterWorld& world, Ms now)
    : options_(std::move(options)), memory_(memory), world_(world), feed_(options_.line_ms) {
  if (memory_.documents().empty()) {
    fm_ = fmt::format("{:08}", options_.first_fm);
    Document first{.kind = Kind::kFiscalised, .paper = {"ВЪВЕДЕНО В ЕКСПЛОАТАЦИЯ", fm_}};
    if (!keep(now, std::move(first))) throw std::runtime_error("the memory takes no document");
  }
  load();
}

// What a restart finds again.
void Device::load() {
  fm_ = memory_.documents().back().fm;
  last_number_ = z_ = last_sale_ = 0;
  cash_ = cash_in_ = cash_out_ = 0;
  for (const Document& d : memory_.documents()) {
    if (d.unp.size() == 21) {
      last_sale_ = static_cast<uint32_t>(whole_number(d.unp.substr(14), 7).value_or(last_sale_));
    }
    if (d.fm != fm_) continue;
    last_number_ = d.number;
    if (d.kind == Kind::kZ) {
      z_ = d.z;
      cash_ = cash_in_ = cash_out_ = 0;
    }
    const int64_t sign = d.kind == Kind::kReturn ? -1 : 1;
    if (d.kind == Kind::kSale || d.kind == Kind::kReturn) {
      for (const Payment& p : d.payments) cash_ += p.mode == 'P' ? sign * p.amount : 0;
    }
    if (d.kind == Kind::kCash) {
      cash_ += d.total;
      (d.total > 0 ? cash_in_ : cash_out_) += std::abs(d.total);
    }
  }
}

void Device::receive(Ms now, View bytes) {
  if (!powered_) return;
  tick(now);
  for (const uint8_t byte : bytes) {
    auto frame = wire_.receive(byte);
    if (!frame) continue;
    if (!execution_) {
      start(now, std::move(*frame));
    } else if (frame->seq != execution_->frame.seq) {
      waiting_ = std::move(*frame);
    }
  }
}

void Device::start(Ms now, Frame frame) {
  if (wire_.repeated(frame.seq)) return;
  world_.command_received(frame.command);
  execution_.emplace(Execution{std::move(frame), now + options_.exec_ms, now + kSynEvery});
}

void Device::delay_execution(Ms ms) {
  if (execution_) execution_->due += ms;
}

void Device::tick(Ms now) {
  if (const auto out = feed_.mark_due(); out && *out <= now) {
    feed_.clear_mark();
    set_paper(*out, false);
  }
  while (auto slip = feed_.take_printed(now)) world_.print(*slip);
  while (powered_ && execution_ && std::min(execution_->due, execution_->next_syn) <= now) {
    if (execution_->next_syn < execution_->due) {
      wire_.busy();
      execution_->next_syn += kSynEvery;
    } else {
      run(now);
    }
  }
}

std::optional<Ms> Device::next_due() const {
  if (!powered_) return std::nullopt;
  std::optional<Ms> due = feed_.next_due();
  if (execution_) {
    const Ms next = std::min(execution_->due, execution_->next_syn);
    due = std::min(due.value_or(next), next);
  }
  return due;
}

// One step of the command under way: check it, make its document, answer.
void Device::run(Ms now) {
  Execution& e = *execution_;
  if (e.outcome) return finish(now);
  if (!e.plan) {
    Outcome outcome = execute(now, e.frame);
    if (!outcome.fiscal) {
      e.outcome = std::move(outcome);
      return;
    }
    e.plan = std::move(outcome.fiscal);
    e.due += options_.fiscal_exec_ms;
    return;
  }
  if (!std::exchange(e.asked, true)) {
    const FiscalVerdict verdict = world_.fiscal_moment(false);
    if (verdict.power_off) return power(now, false);
    e.due += verdict.delay;
    if (verdict.delay > 0) return;
  }
  e.outcome = e.plan(now);
  if (e.outcome->error != err::kNone) return;
  const FiscalVerdict verdict = world_.fiscal_moment(true);
  if (verdict.power_off) return power(now, false);
  e.due += verdict.delay;
}

void Device::finish(Ms now) {
  const Execution done = std::move(*execution_);
  execution_.reset();
  const int error = done.outcome->error;
  if (error != err::kNone) {
    last_error_ = error;
    last_error_command_ = done.frame.command;
    last_error_at_ = seconds(now);
  }
  const std::string data = error == err::kNone ? done.outcome->data : std::string();
  wire_.reply(done.frame, view_of(data), status(error));
  if (waiting_) start(now, *std::exchange(waiting_, std::nullopt));
}

Device::Outcome Device::execute(Ms now, const Frame& frame) {
  const Command* command = command_of(frame.command);
  if (command == nullptr) return fail(err::kUnknown);
  if (command->prints && (!paper_ || cover_open_)) return fail(err::kNoPaper);
  return (this->*command->handler)(
      {now, frame.command, std::string(frame.data.begin(), frame.data.end())});
}

std::array<uint8_t, 6> Device::status(int error) const {
  const auto bit = [](bool set, int n) { return static_cast<uint8_t>(set ? 1U << n : 0U); };
  const bool general = error != err::kNone || !paper_;
  const bool fiscal = open_ && open_->document.kind == Kind::kSale;
  std::array<uint8_t, 6> s{0x80, 0x80, 0x80, 0x80, 0x86, 0x9A};
  s[0] |= static_cast<uint8_t>(bit(cover_open_, 6) | bit(general, 5) |
                               bit(error == err::kUnknown, 1) | bit(error == err::kSyntax, 0));
  s[1] |= static_cast<uint8_t>(bit(open_ && !fiscal, 4) | bit(error == err::kOverflow, 0) |
                               bit(error > err::kUnknown && error != err::kNoPaper, 1));
  s[2] |= static_cast<uint8_t>(bit(service_.has_value(), 5) | bit(fiscal, 3) |
                               bit(!paper_ || error == err::kNoPaper, 0));
  if (memory_full()) s[4] |= static_cast<uint8_t>(bit(true, 4) | bit(true, 5));
  s[4] |= bit(last_number_ + kFewRecords > options_.memory_holds, 3);
  return s;
}

void Device::put(Ms now, std::string line) {
  feed_.add_lines(now, 1);
  open_->body.push_back(std::move(line));
}

void Device::count_lines() {
  if (!lines_left_ || *lines_left_ == 0) return;
  feed_.mark(*lines_left_);
  lines_left_.reset();
}

bool Device::keep(Ms now, Document d, bool printed_before) {
  d.fm = fm_;
  d.number = last_number_ + 1;
  d.seconds = seconds(now);
  const size_t lines = d.paper.size();
  d.paper.push_back(fmt::format("{:07}  {}", d.number, moment_text(d.seconds, true)));
  d.paper.push_back(fmt::format("{}  {}", options_.serial, fm_));
  const bool fiscal = d.kind == Kind::kSale || d.kind == Kind::kReturn || d.kind == Kind::kZ;
  d.paper.emplace_back(fiscal ? "ФИСКАЛЕН БОН" : "СЛУЖЕБЕН БОН");
  if (!memory_.append(d)) return false;
  if (fiscal && !printed_before) count_lines();
  if (fiscal && lines_left_) {
    lines_left_.reset();
    set_paper(now, false);
  }
  feed_.add_lines(now, d.paper.size() - (printed_before ? lines : 0));
  feed_.end_document({d.number, d.paper, {}});
  load();
  return true;
}

std::vector<const Document*> Device::day() const {
  std::vector<const Document*> found;
  for (const Document& d : memory_.documents()) {
    if (d.fm != fm_ || d.kind == Kind::kFiscalised) continue;
    if (d.kind == Kind::kZ) {
      found.clear();
    } else {
      found.push_back(&d);
    }
  }
  return found;
}

const Document* Device::last() const { return memory_.find(fm_, last_number_); }

int Device::foreign_receipt(Ms now, bool is_return, std::vector<Item> items) {
  tick(now);
  if (!powered_ || execution_ || items.empty()) return err::kNotPermitted;
  if (!paper_ || cover_open_) return err::kNoPaper;
  if (const int error = may_open(now); error != err::kNone) return error;
  Document d{.kind = is_return ? Kind::kReturn : Kind::kSale};
  d.unp = fmt::format("{}-ABCD-{:07}", options_.serial, last_sale_ + 1);
  d.items = std::move(items);
  d.paper = {d.unp};
  for (const Item& i : d.items) {
    d.total += i.sum;
    d.paper.push_back(fmt::format("{}  {} {}", i.name, money_text(i.sum), i.group));
  }
  d.payments = {{'P', d.total}};
  d.paper.push_back("ОБЩА СУМА " + money_text(d.total));
  return keep(now, std::move(d)) ? err::kNone : err::kJournal;
}

int Device::replace(Ms now) {
  tick(now);
  if (!powered_ || execution_) return err::kNotPermitted;
  open_.reset();
  service_.reset();
  reading_.clear();
  fm_ = fmt::format("{:08}", whole_number(fm_, 8).value_or(0) + 1);
  last_number_ = 0;
  Document first{.kind = Kind::kFiscalised, .paper = {"ВЪВЕДЕНО В ЕКСПЛОАТАЦИЯ", fm_}};
  return keep(now, std::move(first)) ? err::kNone : err::kJournal;
}

void Device::set_paper(Ms now, bool present) {
  paper_ = present;
  feed_.hold(now, !present || !powered_);
}

// A power cut loses the reply and the command under way; an open receipt and what is not printed
// yet wait for the power.
void Device::power(Ms now, bool on) {
  if (on == powered_) return;
  powered_ = on;
  wire_.reset();
  execution_.reset();
  waiting_.reset();
  reading_.clear();
  wrong_passwords_ = 0;
  feed_.hold(now, !on || !paper_);
}

Device::State Device::state(Ms now) const {
  return {.paper = paper_,
          .power = powered_,
          .cover_open = cover_open_,
          .receipt_open = open_ || service_,
          .executing = execution_.has_value(),
          .blocked = wrong_passwords_ >= 3,
          .last_document = last_number_,
          .z = z_,
          .drawer_pulses = drawer_pulses_,
          .items = open_ ? open_->document.items.size() : 0,
          .pending_lines = feed_.pending(now),
          .subtotal = open_ ? open_->subtotal() : 0,
          .paid = open_ ? open_->paid : 0,
          .cash = cash_,
          .fm = fm_};
}

// --- Texts and numbers

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::optional<int64_t> whole_number(const std::string& text, size_t most_digits) {
  if (text.empty() || text.size() > most_digits ||
      text.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  return std::stoll(text);
}

std::optional<int64_t> decimal_of(const std::string& text, size_t decimals) {
  if (text.empty()) return std::nullopt;
  std::string digits = text;
  size_t after = 0;
  if (const size_t point = text.find('.'); point != std::string::npos) {
    after = text.size() - point - 1;
    if (point == 0 || after == 0 || after > decimals) return std::nullopt;
    digits.erase(point, 1);
  }
  return whole_number(digits + std::string(decimals - after, '0'), 12);
}

std::string money_text(int64_t minor) {
  const int64_t absolute = std::abs(minor);
  return fmt::format("{}{}.{:02}", minor < 0 ? "-" : "", absolute / 100, absolute % 100);
}

std::string moment_text(int64_t seconds, bool century) {
  const Civil t = civil_of(seconds);
  return fmt::format("{:02}-{:02}-{:02} {:02}:{:02}:{:02}", t.day, t.month,
                     century ? t.year : t.year % 100, t.hour, t.minute, t.second);
}

int64_t line_sum(int64_t price, int64_t quantity) { return (price * quantity + 500) / 1000; }

std::string error_text(int error) {
  static const std::map<int, const char*> kTexts = {
      {err::kSyntax, "Syntax error"},
      {err::kUnknown, "Invalid command"},
      {err::kNotPermitted, "Not permited"},
      {err::kBlocked, "Printer is blocked"},
      {err::kNoPaper, "Out of paper"},
      {err::kJournal, "Journal error"},
      {err::kOverflow, "Arithmetic overflow"},
      {err::kPassword, "Invalid password"},
      {err::kCutter, "Cutter error"},
      {err::kNoUnp, "UNP missing"},
      {err::kUnpMustIncrease, "UNP must increase"},
      {err::kReceiptOpen, "Receipt is open"},
      {err::kNoReceipt, "No receipt is open"},
      {err::kDayTooLong, "More than 24 hours without Z-report"},
      {err::kBeforeLastDocument, "Date and time before last JNL record"},
      {err::kNoJournalData, "Cannot read from el. journal"},
      {err::kNoDocument, "No data for document found"},
      {err::kBadGroup, "Invalid VAT group"},
      {err::kGroupDisabled, "VAT group is disabled"},
      {err::kTooManySales, "Too many sales in receipt"},
      {err::kNegative, "Negative sum or quantity"},
      {err::kPaymentStarted, "Payment is started"},
      {err::kPaymentType, "Payment type not programmed"},
      {err::kAlreadyPaid, "Total is already paid"},
      {err::kNotPaid, "Total is not entirely paid"},
      {err::kNotEnoughCash, "Not enough cash available"},
      {err::kNoChange, "Change not allowed"},
      {err::kNoCopy, "No receipt copy data"},
      {err::kBadReturn, "Invalid storno date and time"},
      {err::kZeroPrice, "Zero price"},
      {err::kInvoice, "No invoice numbers interval programmed"}};
  const auto at = kTexts.find(error);
  return at == kTexts.end() ? "Unknown error" : at->second;
}

}  // namespace till::sim::datecs
