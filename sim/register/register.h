// A virtual Shtrih-M register: bytes in with a time, bytes out. A pure state machine.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "sim/register/compose.h"
#include "sim/register/fiscal_memory.h"
#include "sim/register/tables.h"
#include "sim/register/wire.h"

namespace till::sim {

struct RegisterOptions {
  std::string first_fn = "9999078900000001";  // of an empty memory
  Registration registration;
  Protocols protocols = Protocols::kStandard;
  Protocol1Options protocol;
  Ms exec_ms = 1;          // of a command that makes no fiscal document
  Ms fiscal_exec_ms = 20;  // of one that makes one
  Ms print_ms = 50;
  bool hides_contents = false;  // FF3A finds no document: an archive without them
  uint8_t model = 250;
  size_t memory_holds = 230'000;  // documents; then it is full
  bool cutter_jams = false;
  bool extended_answers = false;  // date and time behind the fiscal sign
  // The bytes of a live register that mean nothing and must be ignored.
  std::array<uint8_t, 3> floating = {0x92, 0x08, 0x00};
};

class Register {
 public:
  static constexpr size_t kMaxReceiptBytes = 30000;  // names and tags of one receipt
  static constexpr int64_t kShiftSeconds = int64_t{24} * 3600;

  // Throws std::runtime_error when an empty memory does not take the registration report.
  Register(RegisterOptions options, FiscalMemory& memory, RegisterWorld& world, Ms now);

  RegisterOptions& options() { return options_; }

  // The line.
  void receive(Ms now, View bytes);
  void tick(Ms now);                   // everything that is due
  std::optional<Ms> next_due() const;  // of tick
  Bytes take_output() { return wire_.take_output(); }
  void nak_next_frame() { wire_.nak_next_frame(); }
  void delay_execution(Ms ms);  // of the command under way
  void power(Ms now, bool on);
  void set_ff_after_ack(bool on) { wire_.options().ff_after_ack = on; }

  // What happens to the register without its host. The result is the register's error code.
  uint8_t foreign_sale(Ms now, Receipt receipt);  // paid in cash, opens the shift if need be
  uint8_t open_shift(Ms now);
  uint8_t close_shift(Ms now);
  void set_paper(Ms now, bool present);
  // So many lines of the documents to come are printed, then the paper is out.
  void run_out_while_printing(size_t after_lines = 0) { lines_left_ = after_lines; }
  uint8_t replace(Ms now);  // another fiscal memory, registered anew
  void set_clock_offset(int64_t seconds) { clock_offset_ = seconds; }

  struct State {
    uint8_t mode, submode;
    bool shift_open, paper, power, receipt_open, answer_pending, executing;
    uint16_t shift, receipt;
    uint32_t last_fd, drawer_pulses;
    int64_t cash;
    size_t items;
    int64_t subtotal;
    size_t printed_lines;  // of the document on the platen
    std::string fn;
  };
  State state(Ms now) const;

 private:
  struct Call {
    Ms now = 0;
    uint16_t code = 0;
    int op = 30;
    View args;  // behind the password
  };
  struct Outcome {
    uint8_t error = 0;
    Bytes data;
    // Set: the command is sound and will make a fiscal document; this makes it.
    std::function<Outcome(Ms)> fiscal;
  };
  using Handler = Outcome (Register::*)(const Call&);
  struct Command;
  struct Execution {
    Execution(Bytes command, Ms at) : payload(std::move(command)), due(at) {}
    Bytes payload;
    Ms due;
    std::function<Outcome(Ms)> plan;
    bool asked = false;
    std::optional<Bytes> answer;
  };
  enum class Paper { kPresent, kPassiveOut, kActiveOut, kWaitsForContinue };
  enum class Begun { kNothing, kOpening, kClosing, kSettlement, kCorrection };

  static const std::vector<Command>& commands();
  static Outcome fail(uint8_t error) { return {.error = error, .data = {}, .fiscal = {}}; }
  Outcome good(const Call& call) const;  // just the operator's number
  static Bytes answer_of(View payload, const Outcome& outcome);

  void run(Ms now);
  Outcome execute(Ms now, View payload);
  uint8_t check(const Command& command, Call& call, View payload) const;
  uint8_t print_gate(Ms now) const;
  int operator_of(View password) const;

  int64_t seconds(Ms now) const { return now / 1000 + clock_offset_; }
  uint8_t mode(Ms now) const;
  uint8_t submode(Ms now) const;
  bool shift_expired(Ms now) const;
  bool printing(Ms now) const { return now < printing_until_; }
  void start_printing(Ms now, Slip slip);
  void count_lines(Ms now);
  void print_aside(const Slip& slip);  // no fiscal document, no delay
  void flush_text();
  void forget_document();

  // status.cpp
  Outcome short_status(const Call&);
  Outcome long_status(const Call&);
  Outcome device_type(const Call&);
  Outcome model_parameters(const Call&);
  Outcome error_text(const Call&);
  Outcome write_table(const Call&);
  Outcome read_table(const Call&);
  Outcome table_structure(const Call&);
  Outcome field_structure(const Call&);
  Outcome set_time(const Call&);
  Outcome set_date(const Call&);
  Outcome confirm_date(const Call&);
  uint16_t flags() const;

  // receipt.cpp
  Outcome open_receipt(const Call&);
  Outcome operation(const Call&);
  Outcome operation_tags(const Call&);
  Outcome check_mark(const Call&);
  Outcome accept_mark(const Call&);
  Outcome bind_mark(const Call&);
  Outcome document_tags(const Call&);
  Outcome subtotal(const Call&);
  Outcome cancel_receipt(const Call&);
  Outcome close_short(const Call&);
  Outcome close_extended(const Call&);
  Outcome close_v2(const Call&);
  Outcome close_plan(const Call&, Closing closing);
  uint8_t settle(Closing& closing) const;
  uint8_t own_receipt(const Call&) const;

  // correction.cpp
  Outcome begin_correction(const Call&);
  Outcome make_correction(const Call&);

  // print.cpp
  Outcome load_picture(const Call&);
  Outcome print_picture(const Call&);
  Outcome print_line(const Call&);
  Outcome print_line_font(const Call&);
  Outcome cut(const Call&);
  Outcome drawer(const Call&);
  Outcome feed(const Call&);
  Outcome copy(const Call&);
  Outcome continue_printing(const Call&);
  Outcome x_report(const Call&);
  Outcome cash_in(const Call&);
  Outcome cash_out(const Call&);
  Outcome money_register(const Call&);
  Outcome add_text(const Call&, View text);

  // fiscal.cpp
  Outcome fn_status(const Call&);
  Outcome fn_number(const Call&);
  Outcome fn_expiry(const Call&);
  Outcome fn_version(const Call&);
  Outcome fn_space(const Call&);
  Outcome fn_cancel(const Call&);
  Outcome find_document(const Call&);
  Outcome registration_parameter(const Call&);
  Outcome buffer_status(const Call&);
  Outcome ofd_status(const Call&);
  Outcome unsent_count(const Call&);
  Outcome start_reading(const Call&);
  Outcome read_block(const Call&);
  Outcome begin_settlement(const Call&);
  Outcome make_settlement(const Call&);
  Outcome shift_parameters(const Call&);
  Outcome begin_opening(const Call&);
  Outcome begin_closing(const Call&);
  Outcome open_shift_short(const Call&);
  Outcome open_shift_fn(const Call&);
  Outcome close_shift_short(const Call&);
  Outcome close_shift_fn(const Call&);

  void load();  // the state that follows from the memory
  DocumentHead head(Ms now, int op) const;
  ShiftCounts counts() const;
  std::vector<const FiscalDocument*> of_this_fn() const;
  // Makes a document fiscal. 0, or the error of the fiscal memory.
  uint8_t keep(FiscalDocument document);
  uint8_t register_memory(Ms now, const std::string& fn);
  uint8_t make_shift_document(Ms now, int op, bool open);
  uint8_t make_receipt(Ms now, const Closing& closing);
  uint8_t keep_correction(Ms now, int op, uint8_t kind, const Closing& closing);
  void count_receipt(uint8_t op, int64_t total, int64_t cash);
  Bytes document_answer() const;  // FD, fiscal sign[, date and time]

  RegisterOptions options_;
  FiscalMemory& memory_;
  RegisterWorld& world_;
  Wire wire_;
  Tables tables_;
  std::optional<Execution> execution_;
  bool powered_ = true;

  // Follows from the memory.
  std::string fn_;
  FiscalDocument last_;
  uint16_t shift_ = 0, receipt_number_ = 0;
  bool shift_open_ = false;
  int64_t shift_opened_at_ = 0, registered_at_ = 0;
  int64_t sold_ = 0;  // sales of the shift

  std::optional<Receipt> receipt_;
  Bytes next_tags_;           // of the line to come, where the model wants them first
  Bytes mark_;                // checked last
  std::vector<Bytes> marks_;  // accepted
  Begun begun_ = Begun::kNothing;
  Bytes begun_tags_;
  Bytes reading_;  // FF3A, FF3B
  size_t reading_at_ = 0;
  bool reading_active_ = false;

  int64_t clock_offset_ = 0;
  std::optional<int64_t> unconfirmed_;  // clock offset that waits for 23h

  Paper paper_ = Paper::kPresent;
  std::optional<size_t> lines_left_;  // then the paper is out
  std::optional<Ms> out_at_;          // the moment it is, in the document on the platen
  size_t printed_lines_ = 0;          // of it, when its paper stopped
  Ms printing_until_ = 0;
  std::optional<Slip> on_platen_;      // being printed, or stopped by the end of paper
  Slip last_slip_;                     // for the copy
  std::vector<std::string> text_;      // printed outside of documents, not yet cut
  std::map<uint64_t, Bytes> picture_;  // by line
  uint32_t drawer_pulses_ = 0;
  int64_t cash_ = 0;  // in the drawer, kopecks
  uint16_t cash_documents_ = 0;
};

// The Russian text of a register's error code (UTF-8).
std::string error_name(uint8_t code);

}  // namespace till::sim
