#include "sim/register/register.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "sim/register/codes.h"
#include "sim/register/paper.h"

namespace till::sim {
namespace {

constexpr uint16_t bit(uint8_t mode_number) { return static_cast<uint16_t>(1U << mode_number); }
constexpr uint16_t kAnyMode = 0xFFFF;
constexpr uint16_t kInShift = bit(mode::kShiftOpen) | bit(mode::kShiftExpired);
constexpr uint16_t kClosed = bit(mode::kShiftClosed);
constexpr uint16_t kDoc = bit(mode::kDocument);
constexpr int kFreePassword = 0, kSenior = 28, kSystem = 30;

int code_width(View payload) { return payload[0] == 0xFF && payload.size() > 1 ? 2 : 1; }

uint16_t code_of(View payload) {
  if (code_width(payload) == 1) return payload[0];
  return static_cast<uint16_t>(payload[0] << 8 | payload[1]);
}

}  // namespace

struct Register::Command {
  uint16_t code;
  Handler handler;
  int lowest_operator;         // 0: the command has no password
  int min_length, max_length;  // of the payload
  bool prints;
  uint16_t modes;
};

const std::vector<Register::Command>& Register::commands() {
  using R = Register;
  constexpr uint16_t kIdle = kInShift | kClosed;
  static const std::vector<Command> kCommands = {
      {0x10, &R::short_status, 1, 5, 5, false, kAnyMode},
      {0x11, &R::long_status, 1, 5, 5, false, kAnyMode},
      {0x12, &R::print_line, 1, 6, 255, true, kAnyMode},
      {0x17, &R::print_line, 1, 6, 255, true, kAnyMode},
      {0x1A, &R::money_register, 1, 6, 7, false, kAnyMode},
      {0x1E, &R::write_table, kSystem, 10, 255, false, kIdle},
      {0x1F, &R::read_table, kSystem, 9, 9, false, kAnyMode},
      {0x21, &R::set_time, kSystem, 8, 8, false, kClosed | bit(mode::kDate)},
      {0x22, &R::set_date, kSystem, 8, 8, false, kClosed | bit(mode::kDate)},
      {0x23, &R::confirm_date, kSystem, 8, 8, false, bit(mode::kDate)},
      {0x25, &R::cut, 1, 6, 6, true, kAnyMode},
      {0x28, &R::drawer, 1, 6, 6, false, kAnyMode},
      {0x29, &R::feed, 1, 7, 7, true, kAnyMode},
      {0x2D, &R::table_structure, kSystem, 6, 6, false, kAnyMode},
      {0x2E, &R::field_structure, kSystem, 7, 7, false, kAnyMode},
      {0x2F, &R::print_line_font, 1, 7, 255, true, kAnyMode},
      {0x40, &R::x_report, kSenior, 5, 5, true, kIdle},
      {0x41, &R::close_shift_short, kSenior, 5, 5, true, kInShift},
      {0x50, &R::cash_in, 1, 10, 10, true, kIdle},
      {0x51, &R::cash_out, 1, 10, 10, true, kIdle},
      {0x6B, &R::error_text, kFreePassword, 2, 2, false, kAnyMode},
      {0x85, &R::close_short, 1, 31, 71, true, kDoc},
      {0x88, &R::cancel_receipt, 1, 5, 5, true, kDoc},
      {0x89, &R::subtotal, 1, 5, 5, false, kDoc},
      {0x8C, &R::copy, 1, 5, 5, true, kIdle},
      {0x8D, &R::open_receipt, 1, 6, 6, true, bit(mode::kShiftOpen) | kDoc},
      {0x8E, &R::close_extended, 1, 91, 131, true, kDoc},
      {0xB0, &R::continue_printing, 1, 5, 5, false, kAnyMode},
      {0xC3, &R::print_picture, 1, 9, 10, true, kAnyMode},
      {0xC4, &R::load_picture, 1, 47, 47, false, kAnyMode},
      {0xE0, &R::open_shift_short, 1, 5, 5, true, kClosed},
      {0xF7, &R::model_parameters, kFreePassword, 2, 255, false, kAnyMode},
      {0xFC, &R::device_type, kFreePassword, 1, 1, false, kAnyMode},
      {0xFF01, &R::fn_status, kSystem, 6, 6, false, kAnyMode},
      {0xFF02, &R::fn_number, kSystem, 6, 6, false, kAnyMode},
      {0xFF03, &R::fn_expiry, kSystem, 6, 6, false, kAnyMode},
      {0xFF04, &R::fn_version, kSystem, 6, 6, false, kAnyMode},
      {0xFF08, &R::fn_cancel, kSystem, 6, 6, false, kAnyMode},
      {0xFF0A, &R::find_document, kSystem, 10, 10, false, kAnyMode},
      {0xFF0B, &R::open_shift_fn, kSystem, 6, 6, true, kAnyMode},
      {0xFF0C, &R::document_tags, 1, 10, 255, false, kAnyMode},
      {0xFF0E, &R::registration_parameter, kSystem, 9, 9, false, kAnyMode},
      {0xFF30, &R::buffer_status, kSystem, 6, 6, false, kAnyMode},
      {0xFF35, &R::begin_correction, kSystem, 6, 6, false, kInShift},
      {0xFF37, &R::begin_settlement, kSystem, 6, 6, false, kIdle},
      {0xFF38, &R::make_settlement, kSystem, 6, 6, true, kIdle},
      {0xFF39, &R::ofd_status, kSystem, 6, 6, false, kAnyMode},
      {0xFF3A, &R::start_reading, kSystem, 10, 10, false, kAnyMode},
      {0xFF3B, &R::read_block, kSystem, 6, 6, false, kAnyMode},
      {0xFF3F, &R::unsent_count, kSystem, 6, 6, false, kAnyMode},
      {0xFF40, &R::shift_parameters, kSystem, 6, 6, false, kAnyMode},
      {0xFF41, &R::begin_opening, kSystem, 6, 6, false, kAnyMode},
      {0xFF42, &R::begin_closing, kSystem, 6, 6, false, kAnyMode},
      {0xFF43, &R::close_shift_fn, kSystem, 6, 6, true, kAnyMode},
      {0xFF45, &R::close_v2, 1, 118, 182, true, kDoc},
      {0xFF46, &R::operation, 1, 32, 160, true, kDoc},
      {0xFF4A, &R::make_correction, kSystem, 69, 69, true, kInShift},
      {0xFF4D, &R::operation_tags, 1, 10, 255, false, kDoc},
      {0xFF61, &R::check_mark, 1, 10, 255, false, kAnyMode},
      {0xFF63, &R::fn_space, kSystem, 6, 6, false, kAnyMode},
      {0xFF67, &R::bind_mark, 1, 7, 255, false, kDoc},
      {0xFF69, &R::accept_mark, 1, 7, 7, false, kAnyMode},
  };
  return kCommands;
}

Register::Register(RegisterOptions options, FiscalMemory& memory, RegisterWorld& world, Ms now)
    : options_(std::move(options)),
      memory_(memory),
      world_(world),
      wire_(options_.protocols, options_.protocol) {
  if (memory_.documents().empty() && register_memory(now, options_.first_fn) != 0) {
    throw std::runtime_error("the fiscal memory refuses its registration report");
  }
  load();
}

Register::Outcome Register::good(const Call& call) const {
  return {.error = 0, .data = {static_cast<uint8_t>(call.op)}, .fiscal = {}};
}

Bytes Register::answer_of(View payload, const Outcome& outcome) {
  const auto code = payload.first(static_cast<size_t>(code_width(payload)));
  Bytes answer(code.begin(), code.end());
  answer.push_back(outcome.error);
  if (outcome.error == 0) append(answer, outcome.data);
  return answer;
}

void Register::receive(Ms now, View bytes) {
  if (!powered_) return;
  tick(now);
  for (const uint8_t byte : bytes) {
    auto payload = wire_.receive(now, byte);
    if (!payload) continue;
    world_.command_received(code_of(*payload));
    execution_.emplace(std::move(*payload), now + options_.exec_ms);
  }
}

void Register::delay_execution(Ms ms) {
  if (execution_) execution_->due += ms;
}

void Register::tick(Ms now) {
  if (out_at_ && *out_at_ <= now && paper_ == Paper::kPresent) {
    printed_lines_ = *std::exchange(lines_left_, std::nullopt);
    out_at_.reset();
    paper_ = Paper::kActiveOut;
  }
  if (on_platen_ && paper_ == Paper::kPresent && !printing(now)) {
    world_.print(*on_platen_);
    last_slip_ = *std::exchange(on_platen_, std::nullopt);
  }
  while (powered_ && execution_ && execution_->due <= now) run(now);
}

std::optional<Ms> Register::next_due() const {
  if (!powered_) return std::nullopt;
  std::optional<Ms> due;
  if (execution_) due = execution_->due;
  if (out_at_) due = std::min(due.value_or(*out_at_), *out_at_);
  if (on_platen_ && paper_ == Paper::kPresent) {
    due = std::min(due.value_or(printing_until_), printing_until_);
  }
  return due;
}

// One step of the command under way: check it, make its document, answer.
void Register::run(Ms now) {
  Execution& e = *execution_;
  if (e.answer) {
    const Bytes answer = std::move(*e.answer);
    execution_.reset();
    wire_.answer(now, answer);
    return;
  }
  if (!e.plan) {
    Outcome outcome = execute(now, e.payload);
    if (!outcome.fiscal) {
      e.answer = answer_of(e.payload, outcome);
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
  const Outcome outcome = e.plan(now);
  e.answer = answer_of(e.payload, outcome);
  if (outcome.error != 0) return;
  const FiscalVerdict verdict = world_.fiscal_moment(true);
  if (verdict.power_off) return power(now, false);
  e.due += verdict.delay;
}

Register::Outcome Register::execute(Ms now, View payload) {
  const uint16_t code = code_of(payload);
  const auto& all = commands();
  const auto command =
      std::find_if(all.begin(), all.end(), [code](const Command& c) { return c.code == code; });
  if (command == all.end()) return fail(err::kUnknownCommand);
  Call call{.now = now, .code = code, .op = 30, .args = {}};
  if (const uint8_t error = check(*command, call, payload); error != 0) return fail(error);
  return (this->*command->handler)(call);
}

uint8_t Register::check(const Command& command, Call& call, View payload) const {
  const int length = static_cast<int>(payload.size());
  if (length < command.min_length || length > command.max_length) return err::kBadLength;
  call.args = payload.subspan(static_cast<size_t>(code_width(payload)));
  if (command.lowest_operator != kFreePassword) {
    call.op = operator_of(call.args.first(4));
    call.args = call.args.subspan(4);
    if (call.op < command.lowest_operator) return err::kBadPassword;
  }
  if (command.prints) {
    if (const uint8_t error = print_gate(call.now); error != 0) return error;
  }
  const uint8_t current = mode(call.now) & 0x0F;
  if ((command.modes & bit(current)) == 0) {
    const bool only_old =
        current == mode::kShiftExpired && (command.modes & bit(mode::kShiftOpen)) != 0;
    return only_old ? err::kShiftExpired : err::kWrongMode;
  }
  return 0;
}

uint8_t Register::print_gate(Ms now) const {
  switch (submode(now)) {
    case 1:
    case 2:
      return err::kNoPaper;
    case 3:
      return err::kWaitsForContinue;
    case 5:
      return err::kPrinting;
    default:
      return 0;
  }
}

// 0: nobody's password.
int Register::operator_of(View password) const {
  for (int op = 30; op >= 1; --op) {
    if (get_le(password) == tables_.password(op)) return op;
  }
  return 0;
}

bool Register::shift_expired(Ms now) const {
  return shift_open_ && seconds(now) - shift_opened_at_ >= kShiftSeconds;
}

uint8_t Register::mode(Ms now) const {
  if (unconfirmed_) return mode::kDate;
  if (receipt_) {
    // The high nibble counts sale, buy, sale return, buy return.
    static constexpr uint8_t kKinds[] = {0, 2, 1, 3};
    return static_cast<uint8_t>(kKinds[(receipt_->op - 1) & 3] << 4 | mode::kDocument);
  }
  if (!shift_open_) return mode::kShiftClosed;
  return shift_expired(now) ? mode::kShiftExpired : mode::kShiftOpen;
}

uint8_t Register::submode(Ms now) const {
  switch (paper_) {
    case Paper::kPassiveOut:
      return 1;
    case Paper::kActiveOut:
      return 2;
    case Paper::kWaitsForContinue:
      return 3;
    default:
      return printing(now) ? 5 : 0;
  }
}

void Register::start_printing(Ms now, Slip slip) {
  if (on_platen_) world_.print(*on_platen_);
  if (tables_.suppress_next_receipt()) {
    tables_.clear_suppress();
    last_slip_ = std::move(slip);
    on_platen_.reset();
    return;
  }
  on_platen_ = std::move(slip);
  printed_lines_ = 0;
  out_at_.reset();
  printing_until_ = now + options_.print_ms;
  if (paper_ == Paper::kPassiveOut) paper_ = Paper::kActiveOut;
  if (paper_ == Paper::kPresent) count_lines(now);
}

// Lines come out evenly; the end of paper waits for a document with lines enough.
void Register::count_lines(Ms now) {
  const size_t lines = on_platen_->lines.size();
  if (!lines_left_) return;
  if (*lines_left_ >= lines) {
    *lines_left_ -= lines;
    return;
  }
  if (*lines_left_ == 0) {
    lines_left_.reset();
    paper_ = Paper::kActiveOut;
    return;
  }
  out_at_ = now + options_.print_ms * static_cast<Ms>(*lines_left_) / static_cast<Ms>(lines);
}

void Register::print_aside(const Slip& slip) { world_.print(slip); }

void Register::flush_text() {
  if (!text_.empty()) print_aside({0, std::exchange(text_, {}), {}});
}

void Register::set_paper(Ms now, bool present) {
  tick(now);
  if (!present && paper_ == Paper::kPresent) {
    paper_ = on_platen_ ? Paper::kActiveOut : Paper::kPassiveOut;
  } else if (present && paper_ == Paper::kPassiveOut) {
    paper_ = Paper::kPresent;
  } else if (present && paper_ == Paper::kActiveOut) {
    paper_ = Paper::kWaitsForContinue;
  } else if (!present && paper_ == Paper::kWaitsForContinue) {
    paper_ = Paper::kActiveOut;
  }
}

void Register::forget_document() {
  receipt_.reset();
  next_tags_.clear();
  marks_.clear();
  begun_ = Begun::kNothing;
  begun_tags_.clear();
}

// A power cut loses the answer, the command under way and a receipt that is not fiscal yet.
// Half-printed fiscal paper is finished when the power is back.
void Register::power(Ms now, bool on) {
  if (on == powered_) return;
  powered_ = on;
  wire_.reset();
  execution_.reset();
  reading_active_ = false;
  if (!on) return;
  if (receipt_) print_aside({0, {"ЧЕК АННУЛИРОВАН (ПИТАНИЕ)"}, {}});
  forget_document();
  if (on_platen_) printing_until_ = now + options_.print_ms;
}

Register::State Register::state(Ms now) const {
  return {.mode = mode(now),
          .submode = submode(now),
          .shift_open = shift_open_,
          .paper = paper_ == Paper::kPresent || paper_ == Paper::kWaitsForContinue,
          .power = powered_,
          .receipt_open = receipt_.has_value(),
          .answer_pending = wire_.answer_pending(),
          .executing = execution_.has_value(),
          .shift = shift_,
          .receipt = receipt_number_,
          .last_fd = last_.fd,
          .drawer_pulses = drawer_pulses_,
          .cash = cash_,
          .items = receipt_ ? receipt_->items.size() : 0,
          .subtotal = receipt_ ? receipt_->subtotal() : 0,
          .printed_lines = on_platen_ ? printed_lines_ : 0,
          .fn = fn_};
}

}  // namespace till::sim
