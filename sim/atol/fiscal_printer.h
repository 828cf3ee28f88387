// A virtual ATOL register as the vendor's driver 10 shows it: JSON tasks in, results out, error
// numbers of the driver. A pure state machine; the fiscal memory alone outlives it.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <optional>
#include <string>

#include "sim/register/compose.h"
#include "sim/register/fiscal_memory.h"

namespace till::sim::atol {

namespace json = boost::json;

// The driver's error numbers that this register uses.
enum Error : int {
  kOk = 0,
  kNoConnection = 2,
  kNotSupported = 11,
  kInvalidParam = 13,
  kInvalidSum = 16,
  kNoPaper = 44,
  kCoverOpened = 45,
  kNonCashTooMuch = 52,
  kBusy = 55,
  kNotFullyPaid = 66,
  kShiftExpired = 68,
  kDeniedInClosedShift = 73,
  kNoCash = 80,
  kDeniedInOpenedReceipt = 82,
  kDeniedInOpenedShift = 83,
  kCutterFault = 150,
  kFnNoMoreData = 123,
  kFnFault = 118,
  kFnArchiveFull = 121,
  kFnBadTime = 122,
  kInvalidTaxType = 144,
  kCloseInterrupted = 177,
  kInvalidTotal = 227,
  kConnectionLost = 241,
  kDocumentCancelled = 249,
  kParseError = 501,
  kInterruptedBefore = 502,
};

struct Outcome {
  int error = kOk;
  json::object result = {};
};

// The Russian text of an error, as the driver gives it (UTF-8).
std::string error_text(int code);

struct Options {
  std::string first_fn = "9999078900005488";  // of an empty memory
  Registration registration;
  size_t memory_holds = 230'000;  // documents; then it is full
};

class FiscalPrinter {
 public:
  using Print = std::function<void(const Slip&)>;
  static constexpr int64_t kShiftSeconds = int64_t{24} * 3600;
  static constexpr size_t kMaxItems = 2000;

  // Throws std::runtime_error when an empty memory does not take the registration report.
  FiscalPrinter(FiscalMemory& memory, Ms now, Print print = {}, Options options = {});

  // One task, as libfptr_process_json executes it. kConnectionLost: whether it was executed, or
  // will be, is not said.
  Outcome run(Ms now, const json::object& task);
  // The driver's calls beside the tasks.
  int check_document_closed(Ms now, bool& closed, bool& printed);
  int continue_print(Ms now);
  int cancel_receipt(Ms now);
  int receipt_type(Ms now, int& type);  // 0: none is open

  void tick(Ms now);  // what is executed late
  std::optional<Ms> next_due() const;
  bool busy() const { return late_.has_value(); }
  // The answer of a fiscal task to whoever lost it: its document, if one came up after `fd`.
  Outcome outcome_of(const json::object& task, uint32_t fd) const;

  // What happens to the register without its host. False or an error: not possible now.
  void late_next(Ms ms) { late_ms_ = ms; }  // the next fiscal document loses its answer and is late
  void power_fails_next(bool after) { (after ? dark_after_ : dark_before_) = true; }
  void interrupt_next_close() { interrupt_close_ = true; }  // 177, the document stays open
  void fail_next(int error) { fail_with_ = error; }         // of the next fiscal task
  // So many lines of the documents to come are printed, then the paper is out.
  void paper_ends_next(size_t after_lines = 0) { lines_left_ = after_lines; }
  void power(Ms now, bool on);
  void set_paper(bool present) { paper_ = present; }
  void set_cover(bool open) { cover_ = open; }
  void hide_attributes(bool hide) { short_documents_ = hide; }
  void set_clock_offset(int64_t seconds) { clock_offset_ = seconds; }
  // 150 in place of the result of whatever made a document, which is the worst it could do:
  // publicly it is only known that there is such an error.
  void set_cutter_jams(bool jams) { cutter_jams_ = jams; }
  void set_memory_holds(size_t documents) { options_.memory_holds = documents; }
  int foreign(Ms now, const Receipt& receipt);  // another host's, paid in cash; opens the shift
  int open_shift(Ms now);
  int close_shift(Ms now);
  bool replace(Ms now);

  bool powered() const { return powered_; }
  bool paper() const { return paper_; }
  bool document_open() const { return open_type_ != 0; }
  bool unfinished_paper() const { return unfinished_.has_value(); }
  size_t printed_lines() const { return unfinished_ ? printed_lines_ : 0; }
  bool shift_open() const { return shift_open_; }
  uint16_t shift() const { return shift_; }
  const std::string& fn() const { return fn_; }
  uint32_t last_fd() const { return last_.fd; }
  int64_t drawer() const { return drawer_; }
  const FiscalMemory& memory() const { return memory_; }

 private:
  struct Late {
    json::object task;
    Ms due;
  };

  int ready() const;
  int ready_to_print();
  Outcome fiscal(Ms now, const json::object& task, bool late);
  Outcome receipt(Ms now, const json::object& task, int operation, bool correction);
  Outcome shift_task(Ms now, bool open);
  Outcome settlement_report(Ms now);
  Outcome cash(Ms now, const json::object& task, bool in);
  Outcome query(Ms now, const std::string& type, const json::object& task) const;
  Outcome document(const json::object& task) const;
  json::object device_status(Ms now) const;
  json::object fn_info(Ms now) const;
  Outcome outcome_of(const FiscalDocument& d) const;
  int keep(FiscalDocument document);  // an error of the fiscal memory
  bool register_memory(Ms now, const std::string& fn);
  void load();
  void finish(Slip slip);
  DocumentHead head(Ms now) const;
  ShiftCounts counts() const;
  int64_t seconds(Ms now) const { return now / 1000 + clock_offset_; }
  bool expired(Ms now) const;
  std::string shift_state(Ms now) const;
  std::string iso(int64_t seconds) const;

  FiscalMemory& memory_;
  Print print_;
  Options options_;

  // Follows from the memory.
  std::string fn_;
  FiscalDocument last_;
  uint16_t shift_ = 0, receipt_number_ = 0;
  bool shift_open_ = false;
  int64_t shift_opened_at_ = 0, registered_at_ = 0;

  int open_type_ = 0;  // of the document that is open: 1 sell, 2 return, 4 buy, 5 its return
  int64_t drawer_ = 0;
  std::optional<Slip> unfinished_;
  Slip last_slip_;
  int64_t clock_offset_ = 0;
  bool powered_ = true, paper_ = true, cover_ = false, short_documents_ = false;
  bool cutter_jams_ = false;

  std::optional<Late> late_;
  Ms late_ms_ = 0;
  bool dark_before_ = false, dark_after_ = false, interrupt_close_ = false;
  std::optional<size_t> lines_left_;  // then the paper is out
  size_t printed_lines_ = 0;          // of the unfinished paper
  int fail_with_ = 0;
};

}  // namespace till::sim::atol
