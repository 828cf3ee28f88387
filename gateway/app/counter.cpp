#include "counter.h"

#include <algorithm>
#include <numeric>

#include "gateway/base/log.h"

namespace till::app {
namespace {

namespace json = boost::json;
using checkout::State;

constexpr std::uint32_t kShowMs = 2000;
constexpr std::uint32_t kDrawerMs = 5000;
constexpr std::uint32_t kScaleMs = 3000;
constexpr std::size_t kRemembered = 64;

// Before the quote: prices without any discount.
Money gross_of(const checkout::Sale& sale) {
  Money sum;
  for (const auto& line : sale.lines) {
    const Money one = line.price * line.quantity;
    sum = sum.minor == 0 ? one : sum + one;
  }
  return sum;
}

}  // namespace

std::optional<std::vector<std::string>> display_lines(const checkout::Sale& sale,
                                                      Language language) {
  const bool ru = language == Language::kRu;
  const auto total = [&](Money sum) {
    return std::string(sale.is_return ? (ru ? "ВОЗВРАТ " : "REFUND ")
                                      : (ru ? "ИТОГО " : "TOTAL ")) +
           to_string(sum);
  };
  switch (sale.state) {
    case State::kOpen:
    case State::kQuoted: {
      if (sale.lines.empty()) return std::vector<std::string>();
      const auto& last = sale.lines.back();
      // The price first: a display that is too narrow cuts the name.
      std::string first = to_string(last.price) + " " + last.name;
      const bool quoted = sale.state == State::kQuoted && sale.quote.has_value();
      if (quoted && sale.quote->discount.minor > 0) {
        first = (ru ? "Скидка " : "You save ") + to_string(sale.quote->discount);
      }
      return std::vector{first, total(quoted ? sale.quote->total : gross_of(sale))};
    }
    case State::kCommitted:
    case State::kSettledByPerson:
      if (!sale.quote) return std::vector<std::string>();
      return std::vector<std::string>{ru ? "Спасибо!" : "Thank you!", total(sale.quote->total)};
    case State::kParked:
    case State::kCancelled:
      return std::vector<std::string>();
    default:
      return std::nullopt;  // while it is paid the sum stays
  }
}

bool paid_in_cash(const checkout::Sale& sale) {
  return std::ranges::any_of(sale.payments, [](const FiscalPayment& p) {
    return p.tender == Tender::kCash && p.amount.minor > 0;
  });
}

void Counter::sale_changed(const checkout::Sale& sale) {
  if (auto lines = display_lines(sale, language_)) show(sale.till.value, std::move(*lines));
  if (drawer_on_cash_ && sale.state == State::kCommitted && paid_in_cash(sale)) open_drawer(sale);
}

// One operation at a time, and of what was to be shown meanwhile only the last.
void Counter::show(const std::string& till, std::vector<std::string> lines) {
  const auto device = find_("display.show", till);
  if (!device) return;
  screens_[device->id()].wanted = std::move(lines);
  if (device->online()) refresh(device);
}

void Counter::is_back(const std::shared_ptr<devices::Device>& device) {
  const auto at = screens_.find(device->id());
  if (at == screens_.end()) return;
  at->second.shown = {"?"};  // it may have been switched off
  refresh(device);
}

void Counter::refresh(const std::shared_ptr<devices::Device>& device) {
  Screen& screen = screens_[device->id()];
  if (screen.busy || screen.wanted == screen.shown) return;
  screen.busy = true;
  json::array lines;
  for (const auto& line : screen.wanted) lines.push_back(json::string(line));
  device->submit(
      "display.show", "", json::object{{"lines", std::move(lines)}}, kShowMs,
      [this, weak = std::weak_ptr(device), sent = screen.wanted](const ipc::Outcome& outcome) {
        const auto there = weak.lock();
        if (!there) return;
        Screen& now = screens_[there->id()];
        now.busy = false;
        const bool done = outcome.verdict == ipc::Verdict::kDone;
        now.shown = done ? sent : std::vector<std::string>{"?"};
        if (!done) log_info("display {}: {}", there->id(), outcome.error.detail);
        if (now.wanted != sent) refresh(there);
      });
}

void Counter::open_drawer(const checkout::Sale& sale) {
  const std::string key = to_string(sale.key());
  if (std::ranges::find(opened_, key) != opened_.end()) return;
  const auto device = find_("drawer.open", sale.till.value);
  if (!device || !device->online()) return;
  opened_.push_back(key);
  if (opened_.size() > kRemembered) opened_.pop_front();
  // In doubt it is not told again: a drawer that opens by itself is worse than a key.
  device->submit("drawer.open", key, json::object{}, kDrawerMs,
                 [id = device->id()](const ipc::Outcome& outcome) {
                   if (outcome.verdict == ipc::Verdict::kDone) return;
                   log_warning("drawer {}: {} {}", id, code_name(outcome.error.code),
                               outcome.error.detail);
                 });
}

void Counter::scale(const std::string& till, const std::string& what, const json::object& body,
                    const std::function<void(Result<json::object>)>& reply) {
  if (what != "weigh" && what != "zero" && what != "tare") {
    return reply(fail(Code::kNotFound, what));
  }
  const auto device = find_("scale." + what, till);
  if (!device) return reply(fail(Code::kNoSuchDevice, "scale." + what));
  device->submit("scale." + what, "", body, kScaleMs, [reply](const ipc::Outcome& outcome) {
    if (outcome.verdict != ipc::Verdict::kDone) return reply(std::unexpected(outcome.error));
    boost::system::error_code bad;
    const json::value value = json::parse(outcome.body, bad);
    const auto* weighing = bad ? nullptr : value.if_object();
    if (weighing == nullptr) return reply(fail(Code::kBadFrame, "result"));
    json::object out;
    for (const auto& [key, v] : *weighing) {
      out[key] = v.is_int64() ? json::value(to_string(Quantity{v.get_int64()})) : v;
    }
    reply(std::move(out));
  });
}

}  // namespace till::app
