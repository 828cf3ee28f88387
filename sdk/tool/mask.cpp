#include <algorithm>
#include <cctype>
#include <regex>

#include "live_host.h"

namespace till::kit {
namespace {

using testkit::Exchange;
using testkit::RecordedStep;

// Whose values are somebody's own, wherever they stand.
constexpr std::array kPersonal = {"to", "contact", "name", "tax_number", "phone", "email", "text"};

// The same length, so that the device's side still fits: letters and digits go, the form stays.
std::string hidden(std::string text) {
  for (char& c : text) {
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) c = '0';
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) c = 'x';
  }
  return text;
}

// A phone, an address of mail, the name on a card's first track (ISO 7813).
const std::regex& personal() {
  static const std::regex kPersonalForm(
      R"(\+\d{10,15}|[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|\^[A-Za-z /.'-]{2,26}\^)");
  return kPersonalForm;
}

bool looks_personal(const std::string& text) { return std::regex_search(text, personal()); }

bool luhn(std::string_view digits) {
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    int d = digits[digits.size() - 1 - i] - '0';
    if (i % 2 == 1) d = d * 2 > 9 ? d * 2 - 9 : d * 2;
    sum += d;
  }
  return sum % 10 == 0;
}

using Swaps = std::vector<std::pair<std::string, std::string>>;

void find_personal(const json::value& v, std::string_view name, Swaps& swaps) {
  if (v.is_object()) {
    for (const auto& [key, inner] : v.get_object()) find_personal(inner, key, swaps);
  } else if (v.is_array()) {
    for (const auto& inner : v.get_array()) find_personal(inner, name, swaps);
  } else if (v.is_string()) {
    const std::string text(v.get_string());
    const bool named = std::ranges::find(kPersonal, name) != kPersonal.end();
    if (!text.empty() && (named || looks_personal(text))) swaps.emplace_back(text, hidden(text));
  }
}

void swap_in(std::string& text, const Swaps& swaps) {
  for (const auto& [from, to] : swaps) {
    for (auto at = text.find(from); at != text.npos && from != to; at = text.find(from, at + 1)) {
      text.replace(at, from.size(), to);
    }
  }
}

void swap_in(Buffer& bytes, const Swaps& swaps) {
  std::string text(as_text(bytes));
  swap_in(text, swaps);
  bytes = to_buffer(as_bytes(text));
}

void swap_in(json::value& v, const Swaps& swaps) {
  std::string text = json::serialize(v);
  swap_in(text, swaps);
  v = json::parse(text);
}

// A card's number: all but its first six digits become zeros. What a reader says is one; elsewhere
// a payment card's is told from a barcode by length, first digit and check digit (ISO 7812).
void hide_cards(std::string& text, bool reader) {
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
    const auto digits = std::string_view(text).substr(i, end - i);
    const bool payment = digits.size() >= 15 && digits.size() <= 19 && digits[0] >= '2' &&
                         digits[0] <= '6' && luhn(digits);
    const bool card = reader ? digits.size() >= 12 : payment;
    if (card) text.replace(i + 6, end - i - 6, end - i - 6, '0');
    i = std::max(end, i + 1);
  }
}

// A device that answers by the number of bytes it has heard: what is sent is only now found out.
struct Loose {
  FakeHost& host;
  std::vector<Exchange> dialogue;
  std::size_t at = 0, heard = 0;

  void run() {
    std::uint32_t after = 0;
    for (; at < dialogue.size(); ++at) {
      auto& e = dialogue[at];
      if (e.kind == Exchange::Kind::kOut) return;
      if (e.kind == Exchange::Kind::kIn) host.device_says(e.bytes, after += e.after_ms);
      if (e.kind == Exchange::Kind::kLost) host.cut_after_written(0), host.cut_before_read(0);
    }
  }
  void hear(Bytes bytes) {
    while (!bytes.empty() && at < dialogue.size()) {
      auto& out = dialogue[at].bytes;
      const std::size_t n = std::min(bytes.size(), out.size() - heard);
      std::ranges::copy(bytes.first(n), out.begin() + static_cast<std::ptrdiff_t>(heard));
      heard += n;
      bytes = bytes.subspan(n);
      if (heard < out.size()) break;
      heard = 0;
      ++at;
      run();
    }
  }
};

FakeOutcome play(FakeHost& host, RecordedStep& step) {
  Loose device{host, step.dialogue};
  host.set_device([&](Bytes bytes) { device.hear(bytes); });
  std::size_t asked = 0;
  host.set_http([&](const json::object& request) -> FakeOutcome {
    if (asked >= step.http.size()) return {TILL_IN_DOUBT, {}, {Code::kTimeout, {}, {}}, false};
    auto& h = step.http[asked++];
    h.request = request;
    return {h.status, h.answer, {static_cast<Code>(h.code), {}, {}}, false};
  });
  device.run();
  auto outcome = host.perform_text(step.verb, json::serialize(step.body), step.key);
  host.set_device({});
  host.set_http({});
  step.dialogue = std::move(device.dialogue);
  return outcome;
}

void replayed(FakeHost& host, RecordedStep& step, std::size_t number) {
  const std::size_t events = host.events().size();
  if (step.kind == RecordedStep::Kind::kInput) host.feed(step.input);
  if (step.kind == RecordedStep::Kind::kPort) host.set_connected(step.connected);
  if (step.kind == RecordedStep::Kind::kPerform) {
    const auto outcome = play(host, step);
    if (outcome.status != step.status) {
      throw Failed{"step " + std::to_string(number) +
                   " does not work any more when its personal data is masked: record it with data "
                   "that is nobody's, and --keep-data"};
    }
    step.result = outcome.body;
    step.code = outcome.status == TILL_DONE ? 0 : static_cast<int>(outcome.error.code);
  }
  const std::size_t had = step.events.size();
  step.events.assign(host.events().begin() + static_cast<std::ptrdiff_t>(events),
                     host.events().end());
  if (step.events.size() != had) throw Failed{"step " + std::to_string(number) + ": other events"};
}

}  // namespace

std::string without_personal(const std::string& text, bool reader) {
  std::string out;
  auto from = text.cbegin();
  for (std::sregex_iterator at(text.cbegin(), text.cend(), personal()), end; at != end; ++at) {
    out.append(from, (*at)[0].first);
    out.append(hidden(at->str()));
    from = (*at)[0].second;
  }
  out.append(from, text.cend());
  hide_cards(out, reader);
  return out;
}

Recording masked(Recording recording, const Package& package) {
  for (auto& step : recording.steps) {
    Swaps swaps;
    find_personal(step.body, "", swaps);
    // Longer ones first: a part of one must not spoil it.
    std::ranges::sort(swaps,
                      [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
    json::value body = step.body;
    swap_in(body, swaps);
    step.body = body.as_object();
    for (auto& e : step.dialogue) swap_in(e.bytes, swaps);
    for (auto& h : step.http) swap_in(h.answer, swaps);
    const auto said = std::string(as_text(step.input));
    step.input = to_buffer(as_bytes(without_personal(said, package.manifest->kind == "reader")));
  }
  Bench bench(package, 1);
  RecordingFile file{"the masked recording", std::move(recording)};
  const auto host = bench.recorded(file);
  for (std::size_t i = 0; i < file.recording.steps.size(); ++i) {
    replayed(*host, file.recording.steps[i], i);
  }
  return std::move(file.recording);
}

}  // namespace till::kit
