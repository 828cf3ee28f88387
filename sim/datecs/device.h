// A virtual Datecs fiscal printer of group A: bytes in with a time, bytes out. A pure state
// machine.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>

#include "sim/datecs/memory.h"
#include "sim/datecs/paper_feed.h"
#include "sim/datecs/wire.h"

namespace till::sim::datecs {

struct Options {
  std::string model = "FP-800";
  std::string serial = "DT000600";
  uint32_t first_fm = 2000600;  // of an empty memory
  std::string password = "0000";
  Ms exec_ms = 1;          // of a command that makes no document
  Ms fiscal_exec_ms = 20;  // of one that makes one
  Ms line_ms = 2;
  bool journal_shows_paper = true;
  size_t memory_holds = 200'000;  // documents of one fiscal memory; then it is full
  // The cutter's fault answers whatever made a document, which is the worst it could do: publicly
  // it is only known that there is such an error.
  bool cutter_jams = false;
  std::array<int, 4> rates = {0, 2000, 2000, 900};  // of the groups A to D, hundredths
};

namespace err {
constexpr int kNone = 0, kSyntax = 1, kUnknown = 2, kNotPermitted = 3, kBlocked = 10,
              kNoPaper = 101, kJournal = 102, kOverflow = 103, kPassword = 104, kCutter = 109,
              kNoUnp = 113, kUnpMustIncrease = 115, kReceiptOpen = 200, kNoReceipt = 201,
              kDayTooLong = 204, kBeforeLastDocument = 206, kNoJournalData = 209, kNoDocument = 217,
              kBadGroup = 402, kGroupDisabled = 403, kTooManySales = 404, kNegative = 406,
              kPaymentStarted = 409, kPaymentType = 410, kAlreadyPaid = 411, kNotPaid = 412,
              kNotEnoughCash = 413, kNoChange = 415, kNoCopy = 421, kBadReturn = 430,
              kZeroPrice = 431, kInvoice = 803;
}  // namespace err
// The device's own words for -150000 - `error`.
std::string error_text(int error);

class Device {
 public:
  static constexpr size_t kMaxSales = 512;
  static constexpr int64_t kDaySeconds = int64_t{24} * 3600;

  Device(Options options, Memory& memory, RegisterWorld& world, Ms now);
  Options& options() { return options_; }

  // The line.
  void receive(Ms now, View bytes);
  void tick(Ms now);                   // everything that is due
  std::optional<Ms> next_due() const;  // of tick
  Bytes take_output() { return wire_.take_output(); }
  void nak_next_frame() { wire_.nak_next_frame(); }
  void delay_execution(Ms ms);  // of the command under way
  void power(Ms now, bool on);

  // What happens to the register without its host. The result is an error, 0 = done.
  int foreign_receipt(Ms now, bool is_return, std::vector<Item> items);  // paid in cash
  int z_report(Ms now);
  int replace(Ms now);  // another fiscal memory, fiscalised anew
  void set_paper(Ms now, bool present);
  // When the next document is closed; with `after_lines` so many lines after the next one begins,
  // which may be in an open receipt.
  void run_out_while_printing(size_t after_lines = 0) { lines_left_ = after_lines; }
  void set_cover(bool open) { cover_open_ = open; }
  void set_clock_offset(int64_t seconds) { clock_offset_ = seconds; }
  void set_line_ms(Ms ms) { feed_.set_line_ms(ms); }

  struct State {
    bool paper, power, cover_open, receipt_open, executing, blocked;
    uint32_t last_document, z, drawer_pulses;
    size_t items, pending_lines;
    int64_t subtotal, paid, cash;
    std::string fm;
  };
  State state(Ms now) const;

 private:
  struct Call {
    Ms now = 0;
    uint8_t command = 0;
    std::string data;  // as it came: CP1251
  };
  struct Outcome {
    int error = err::kNone;
    std::string data;
    // Set: the command is sound and will make a fiscal document; this makes it.
    std::function<Outcome(Ms)> fiscal;
  };
  using Handler = Outcome (Device::*)(const Call&);
  struct Command {
    Handler handler;
    bool prints;
  };
  struct Execution {
    Frame frame;
    Ms due, next_syn;
    std::function<Outcome(Ms)> plan = {};
    bool asked = false;
    std::optional<Outcome> outcome = {};
  };
  // The receipt under way; it survives a power cut.
  struct Open {
    Document document;
    std::vector<std::string> body;  // its paper so far
    int64_t paid = 0;               // change included
    int64_t subtotal() const;
  };

  static const Command* command_of(uint8_t code);
  static Outcome fail(int error) { return {error, {}, {}}; }
  static Outcome good(std::string data = {}) { return {err::kNone, std::move(data), {}}; }
  void start(Ms now, Frame frame);
  void run(Ms now);
  void finish(Ms now);
  Outcome execute(Ms now, const Frame& frame);
  std::array<uint8_t, 6> status(int error) const;

  int64_t seconds(Ms now) const { return now / 1000 + clock_offset_; }
  int may_open(Ms now) const;
  static constexpr size_t kFewRecords = 50;  // left: S4.3
  bool memory_full() const { return last_number_ >= options_.memory_holds; }
  Outcome made(std::string data) const;  // a fiscal document
  int who(const std::vector<std::string>& fields, Document& document);
  int take_unp(const std::string& given, Document& document) const;
  void put(Ms now, std::string line);  // into the receipt's paper
  void count_lines();                  // a fiscal document begins
  // Numbers and keeps a document, prints its paper; false when the memory does not take it.
  bool keep(Ms now, Document document, bool printed_before = false);
  Outcome close_plan(Ms now);
  Outcome z_plan(Ms now);
  void load();
  std::vector<const Document*> day() const;  // since the last Z report
  const Document* last() const;

  // receipt.cpp
  Outcome open_receipt(const Call&);
  Outcome open_storno(const Call&);
  Outcome sale(const Call&);
  Outcome subtotal(const Call&);
  Outcome payment(const Call&);
  Outcome fiscal_text(const Call&);
  Outcome close_receipt(const Call&);
  Outcome cancel_receipt(const Call&);
  Outcome receipt_state(const Call&);
  Outcome receipt_sums(const Call&);
  // service.cpp
  Outcome last_error(const Call&);
  Outcome open_service(const Call&);
  Outcome service_text(const Call&);
  Outcome close_service(const Call&);
  Outcome set_clock(const Call&);
  Outcome clock(const Call&);
  Outcome last_record(const Call&);
  Outcome day_sums(const Call&);
  Outcome rates(const Call&);
  Outcome daily_report(const Call&);
  Outcome cash(const Call&);
  Outcome printer_status(const Call&);
  Outcome diagnostics(const Call&);
  Outcome drawer(const Call&);
  Outcome feed(const Call&);
  Outcome copy(const Call&);
  Outcome last_document(const Call&);
  // journal.cpp
  Outcome journal(const Call&);
  Outcome next_line();

  Options options_;
  Memory& memory_;
  RegisterWorld& world_;
  Wire wire_;
  PaperFeed feed_;
  std::optional<Execution> execution_;
  std::optional<Frame> waiting_;  // came while another command was executed
  bool powered_ = true, paper_ = true, cover_open_ = false;
  std::optional<size_t> lines_left_;  // of the next document; 0: until it is closed

  // Follows from the memory.
  std::string fm_;
  uint32_t last_number_ = 0, z_ = 0, last_sale_ = 0;
  int64_t cash_ = 0, cash_in_ = 0, cash_out_ = 0;

  std::optional<Open> open_;
  std::optional<std::vector<std::string>> service_;
  std::vector<std::string> reading_;  // 77h: the answers still to come
  size_t reading_at_ = 0;
  int wrong_passwords_ = 0;
  int last_error_ = 0;
  uint8_t last_error_command_ = 0;
  int64_t last_error_at_ = 0;
  uint32_t copied_ = 0;
  int64_t clock_offset_ = 0;
  uint32_t drawer_pulses_ = 0;
};

// Parts between commas.
std::vector<std::string> split(const std::string& text, char separator);
std::optional<int64_t> whole_number(const std::string& text, size_t most_digits);
// "12.05" → 1205; at most two decimals and eight digits.
std::optional<int64_t> decimal_of(const std::string& text, size_t decimals);
std::string money_text(int64_t minor);
// "22-11-26 12:05:30", with `century` "22-11-2026 12:05:30".
std::string moment_text(int64_t seconds, bool century);
// price * quantity, half up; both not negative.
int64_t line_sum(int64_t price, int64_t quantity);

}  // namespace till::sim::datecs
