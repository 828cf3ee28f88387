// A fiscal register that is spoken to in lines, one command and one answer each:
//
//   7 STATE\n -> 7 K MEMORY LAST OPEN SHIFT SHIFTNUMBER PAPER TIME\n    OPEN, SHIFT, PAPER: 0 or 1
//   7 DOC 12\n -> 7 K 12 KIND TOTAL WITNESS SIGN SHIFTNUMBER TIME\n     a document it remembers
//   7 OPEN KIND WITNESS CASHIER\n  LINE QUANTITY PRICE SUM RATE NAME\n  PAY TENDER AMOUNT\n -> 7
//   K\n 7 CLOSE\n -> as DOC: the document is in the fiscal memory, the answer comes after that
//   CANCEL (also when nothing is open), SHIFT CASHIER, Z CASHIER, X, PRINT -> 7 K\n
//   7 E 3\n   no: 1 paper, 2 the shift is closed, 3 no such document, 4 a document is open …
//
// The digit counts commands, so a late answer is never taken for that of a later question.
#include <tillbridge/sdk/fiscal_register.h>

#include <charconv>

namespace {

using till::Code;
using till::Result;
using Words = std::vector<std::string>;

constexpr std::uint32_t kWaitMs = 5000;
constexpr std::size_t kLongest = 256;  // of an answer

template <typename Number>
Result<Number> number(const std::string& word) {
  Number value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size()) {
    return till::fail(Code::kBadFrame, "a number");
  }
  return value;
}

// A name may hold anything; on the wire it is the rest of one line.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

const char* word_of(till::Tender tender) {
  static constexpr const char* kWords[] = {"cash", "card", "prepaid", "credit", "other"};
  return kWords[static_cast<int>(tender)];
}

class Register final : public till::FiscalRegister {
  struct State {
    std::string memory;
    std::uint32_t last = 0;
    bool open = false, shift = false;
    std::uint32_t shift_number = 0;
    bool paper = false;
    std::string time;
  };

  // ---- what makes it exactly once ----

  // Kept by the gateway before receipt() is called: what comes after `last` may be ours.
  Result<till::Baseline> baseline() override {
    const State now = TILL_TRY(state());
    return till::Baseline{now.memory, now.last, now.time};
  }

  Result<till::FiscalDocument> receipt(const till::FiscalReceipt& r) override {
    // What the device can not do is refused before anything is sent.
    if (r.correction) return till::fail(Code::kVerbUnsupported, "correction");
    if (r.witness.find_first_of(" \r\n") != r.witness.npos) {
      return till::fail(Code::kBadValue, "witness");
    }
    const State now = TILL_TRY(state());
    if (!now.paper) return till::fail(Code::kPaperOut);
    TILL_CHECK(
        ask("OPEN " + till::kind_name(r) + " " + r.witness + " " + one_line(r.cashier.name)));
    document_open(true);  // a refusal from here on leaves it open: the gateway asks to recover
    for (const auto& line : r.lines) {
      const bool rated = line.tax.kind != till::TaxKind::kExempt;
      TILL_CHECK(ask("LINE " + std::to_string(line.quantity.units) + " " +
                     std::to_string(line.price.minor) + " " + std::to_string(line.sum.minor) + " " +
                     (rated ? std::to_string(line.tax.rate.units) : "-") + " " +
                     one_line(line.name)));
    }
    for (const auto& p : r.payments) {
      TILL_CHECK(
          ask(std::string("PAY ") + word_of(p.tender) + " " + std::to_string(p.amount.minor)));
    }
    port().point_of_no_return();  // from here on, silence means in doubt
    auto document = TILL_TRY(document_of(TILL_TRY(ask("CLOSE"))));
    document_open(false);
    document.fiscal_memory = now.memory;
    return document;
  }

  // After a loss the SDK resolves by these four: it walks all documents behind the baseline and
  // takes the one with our witness; "refused" is said only after a cancel and another walk.
  Result<bool> settle() override {
    // Commands are executed in their order: once this one is answered, those before it are over.
    return TILL_TRY(state()).paper;
  }
  Result<till::MemoryState> memory() override {
    const State now = TILL_TRY(state());
    return till::MemoryState{now.memory, now.last, now.open};
  }
  Result<till::FiscalDocument> document(std::uint32_t wanted) override {
    return document_of(TILL_TRY(ask("DOC " + std::to_string(wanted))));
  }
  Result<void> cancel() override { return done(ask("CANCEL")); }

  // ---- the rest ----

  Result<till::RegisterStatus> status(bool) override {
    const State now = TILL_TRY(state());
    till::RegisterStatus status;
    status.model = "Acme";
    status.fiscal_memory = now.memory;
    status.shift = now.shift ? "open" : "closed";
    status.shift_number = now.shift_number;
    status.last_document = now.last;
    status.paper = now.paper;
    status.document_open = now.open;
    status.device_time = now.time;
    return status;
  }
  Result<void> open_shift(const till::Operator& cashier) override {
    return done(ask("SHIFT " + one_line(cashier.name)));
  }
  Result<void> close_shift(const till::Operator& cashier) override {
    return done(ask("Z " + one_line(cashier.name)));
  }
  Result<void> x_report() override { return done(ask("X")); }
  Result<void> continue_printing() override { return done(ask("PRINT")); }

  // ---- the wire ----

  // A line that was lost: the device counts from the start again.
  void on_port(bool) override { count_ = 0; }

  static Result<void> done(const Result<Words>& answer) {
    if (!answer) return std::unexpected(answer.error());
    return {};
  }

  Result<State> state() {
    const Words w = TILL_TRY(ask("STATE"));
    if (w.size() != 7) return till::fail(Code::kBadFrame, "STATE");
    return State{w[0],        TILL_TRY(number<std::uint32_t>(w[1])), w[2] == "1",
                 w[3] == "1", TILL_TRY(number<std::uint32_t>(w[4])), w[5] == "1",
                 w[6]};
  }

  static Result<till::FiscalDocument> document_of(const Words& w) {
    if (w.size() != 7) return till::fail(Code::kBadFrame, "DOC");
    till::FiscalDocument d;
    d.number = TILL_TRY(number<std::uint32_t>(w[0]));
    d.kind = w[1];
    d.total = {TILL_TRY(number<std::int64_t>(w[2]))};
    d.witness = w[3] == "-" ? "" : w[3];
    d.sign = TILL_TRY(number<std::uint32_t>(w[4]));
    d.shift = TILL_TRY(number<std::uint32_t>(w[5]));
    d.time = w[6];
    return d;
  }

  // The words behind K; an E becomes an error with the device's number beside it.
  Result<Words> ask(const std::string& command) {
    const std::string mark = std::to_string(count_ = (count_ + 1) % 10);
    TILL_CHECK(port().write(till::as_bytes(mark + " " + command + "\n")));
    for (;;) {
      Words words = TILL_TRY(answer());
      if (words.size() < 2 || words[0] != mark) continue;  // late, of an earlier question
      const bool yes = words[1] == "K";
      if (!yes && (words[1] != "E" || words.size() != 3)) {
        return till::fail(Code::kBadFrame, "an answer");
      }
      if (!yes) return refusal(words[2]);
      words.erase(words.begin(), words.begin() + 2);
      return words;
    }
  }

  static Result<Words> refusal(const std::string& said) {
    const Code code = said == "1"   ? Code::kPaperOut
                      : said == "2" ? Code::kShiftClosed
                      : said == "3" ? Code::kNoSuchDocument
                      : said == "4" ? Code::kDocumentOpen
                                    : Code::kRegisterRefused;
    return till::fail(code, {}, said);
  }

  Result<Words> answer() {
    Words words(1);
    for (std::size_t length = 0; length < kLongest; ++length) {
      const char c = static_cast<char>(TILL_TRY(port().read_byte(kWaitMs)));
      if (c == '\n') return words;
      if (c == ' ') {
        words.emplace_back();
      } else {
        words.back() += c;
      }
    }
    return till::fail(Code::kBadFrame, "a line without end");
  }

  int count_ = 0;
};

}  // namespace

TILLBRIDGE_PLUGIN(Register)
