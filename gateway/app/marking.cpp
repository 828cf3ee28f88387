#include "marking.h"

#include <algorithm>
#include <boost/json.hpp>

#include "gateway/base/errors.h"
#include "gateway/base/foreign_text.h"
#include "gateway/base/limits.h"
#include "gateway/base/log.h"
#include "sdk/cpp/verbs.h"

namespace till::app {
namespace {

namespace json = boost::json;

constexpr std::int64_t kRoundUs = 5'000'000;       // all pieces of a sale together
constexpr std::int64_t kAllowedUs = 900'000'000;   // a word of the service holds so long
constexpr std::int64_t kUncheckedUs = 60'000'000;  // then the device is asked once more
constexpr std::size_t kMaxPassed = 4096;

Result<MarkingAnswer> answer_of(const ipc::Outcome& outcome) {
  if (outcome.verdict != ipc::Verdict::kDone) return std::unexpected(outcome.error);
  boost::system::error_code bad;
  const json::value body = json::parse(outcome.body, bad);
  if (bad) return fail(Code::kBadJson, "marking.check");
  return described::parsed<MarkingAnswer>(body, "marking.check");
}

}  // namespace

// One sale's question. A piece nobody has told of yet is unchecked.
struct Marking::Round {
  struct Piece {
    std::string line, code;
    bool answered = false;
    MarkingAnswer answer;
    Error error{Code::kTimeout, {}, {}};
  };
  std::vector<Piece> pieces;
  std::size_t open = 0;
  std::function<void(Result<void>)> then;
};

bool Marking::passed(const std::string& code) const {
  const auto at = passed_.find(code);
  return at != passed_.end() && clock_.monotonic_us() < at->second;
}

bool Marking::passed(const checkout::Sale& sale) const {
  return sale.is_return || std::ranges::all_of(sale.lines, [this](const auto& line) {
           return line.marking_code.empty() || passed(line.marking_code);
         });
}

void Marking::pass(const std::string& code, std::int64_t us) {
  const auto now = clock_.monotonic_us();
  if (passed_.size() >= kMaxPassed) {
    std::erase_if(passed_, [now](const auto& one) { return one.second <= now; });
  }
  if (passed_.size() >= kMaxPassed) passed_.clear();  // they are asked for again, that is all
  passed_[code] = now + us;
}

void Marking::check(const checkout::Sale& sale, const std::function<void(Result<void>)>& then) {
  auto round = std::make_shared<Round>();
  round->then = then;
  for (const auto& line : sale.lines) {
    if (!line.marking_code.empty() && !passed(line.marking_code)) {
      round->pieces.push_back({line.id, line.marking_code, false, {}, {Code::kTimeout, {}, {}}});
    }
  }
  round->open = round->pieces.size() + 1;
  for (std::size_t i = 0; i < round->pieces.size(); ++i) {
    ask_(round->pieces[i].code,
         [this, round, i](const ipc::Outcome& outcome) { answered(round, i, outcome); });
  }
  after_(kRoundUs, [this, round] { end(round); });
  if (--round->open == 0) end(round);
}

void Marking::answered(const std::shared_ptr<Round>& round, std::size_t at,
                       const ipc::Outcome& outcome) {
  auto& piece = round->pieces[at];
  if (std::exchange(piece.answered, true)) return;
  if (auto answer = answer_of(outcome)) {
    piece.answer = std::move(*answer);
    piece.error = {Code::kMarkUnchecked, {}, {}};  // of a code the service does not know
  } else {
    piece.error = answer.error();
  }
  // Also after its round is over: the next one need not ask.
  if (piece.answer.verdict == MarkingVerdict::kAllowed) pass(piece.code, kAllowedUs);
  if (--round->open == 0) end(round);
}

void Marking::end(const std::shared_ptr<Round>& round) {
  if (!round->then) return;
  const auto then = std::exchange(round->then, {});
  bool any = false;
  std::optional<Error> refused;
  for (const auto& piece : round->pieces) {
    const auto& answer = piece.answer;
    if (answer.verdict == MarkingVerdict::kAllowed) continue;
    const bool forbidden = answer.verdict == MarkingVerdict::kForbidden;
    metrics_.add(forbidden ? "tillbridge_marking_forbidden_total"
                           : "tillbridge_marking_unchecked_total");
    if (!forbidden) {
      any = true;
      if (!away_) {
        log_warning("marked pieces are not checked: {}; they are {}",
                    describe(piece.error, Language::kEn), sell_unchecked_ ? "sold" : "not sold");
      }
      away_ = true;
      if (sell_unchecked_) pass(piece.code, kUncheckedUs);
    }
    if (refused || (!forbidden && sell_unchecked_)) continue;
    const auto why = presentable(answer.reason, limits::kMaxLogDetail);
    refused = Error{forbidden ? Code::kMarkForbidden : Code::kMarkUnchecked,
                    "line " + piece.line + (why.empty() ? "" : ": " + why),
                    {}};
  }
  if (!any && std::exchange(away_, false)) log_info("marked pieces are checked again");
  then(refused ? Result<void>(std::unexpected(std::move(*refused))) : Result<void>());
}

}  // namespace till::app
