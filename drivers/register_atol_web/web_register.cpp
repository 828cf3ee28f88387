#include "web_register.h"

#include <fmt/core.h>

#include <algorithm>

#include "protocols/atol/errors.h"
#include "protocols/atol/tasks.h"

namespace till::atol {
namespace {

constexpr std::uint32_t kHttpMs = 10000;
constexpr std::uint32_t kPollMs = 200;
constexpr std::uint32_t kQueryMs = 20000;  // patience with a request that only looks
constexpr std::uint32_t kSaleMs = 45000;
constexpr int kMaxTries = 64;  // uuids of one key
constexpr const char* kPath = "/api/v2/requests";

// A key may be asked for again after it was proven not to have sold: its uuids follow one another.
std::string uuid_of(const std::string& key, int attempt) {
  return till::atol::uuid_of(fmt::format("sale {} {}", key, attempt));
}

// Of one task's result.
Result<json::object> outcome(const json::object& one) {
  const auto* status = one.if_contains("status");
  const std::string_view word =
      status != nullptr && status->is_string() ? std::string_view(status->get_string()) : "";
  if (word == "ready") {
    const auto* result = one.if_contains("result");
    return result != nullptr && result->is_object() ? result->get_object() : json::object();
  }
  if (word == "interrupted") return std::unexpected(to_error(502));
  if (word == "canceled") return fail(Code::kRegisterRefused, "the request was cancelled");
  const auto* error = one.if_contains("error");
  if (word != "error" || error == nullptr || !error->is_object()) {
    return fail(Code::kBadFrame, "status of a task");
  }
  const auto* code = error->get_object().if_contains("code");
  const auto* said = error->get_object().if_contains("description");
  boost::system::error_code bad;
  const int number = code == nullptr ? 0 : code->to_number<int>(bad);
  if (bad || number == 0) return fail(Code::kBadFrame, "error of a task");
  return std::unexpected(to_error(
      number, said != nullptr && said->is_string() ? std::string_view(said->get_string()) : ""));
}

bool is_over(const json::object& one) {
  const auto* status = one.if_contains("status");
  return status != nullptr && (*status == "ready" || *status == "error" ||
                               *status == "interrupted" || *status == "canceled");
}

}  // namespace

std::string uuid_of(std::string_view text) {
  // FNV-1a, 128 bits.
  __extension__ using Wide = unsigned __int128;
  Wide hash = Wide{0x6c62272e07bb0142} << 64 | 0x62b821756295c58d;
  constexpr Wide kPrime = Wide{1} << 88 | 0x13b;
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * kPrime;
  const auto high = static_cast<std::uint64_t>(hash >> 64), low = static_cast<std::uint64_t>(hash);
  return fmt::format("{:08x}-{:04x}-8{:03x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff,
                     high & 0xfff, 0x8000 | (low >> 48 & 0x3fff), low & 0xffffffffffff);
}

Result<void> WebRegister::activate(const json::object& settings) {
  for (const auto& [key, value] : settings) {
    if (take_unprintable(key, value)) continue;
    if (!value.is_string()) return fail(Code::kConfigInvalid, std::string(key));
    const auto text = json::value_to<std::string>(value);
    if (key == "url") {
      url_ = text;
    } else if (key == "authorization") {
      authorization_ = text;
    } else {
      return fail(Code::kConfigInvalid, std::string(key));
    }
  }
  while (url_.ends_with('/')) url_.pop_back();
  if (!url_.starts_with("http://") && !url_.starts_with("https://")) {
    return fail(Code::kConfigInvalid, "url");
  }
  return {};
}

// Errors: kRegisterOffline when nothing was sent, a loss when it may have arrived.
Result<WebRegister::Reply> WebRegister::http_call(const char* method, const std::string& path,
                                                  const std::string& body) {
  json::object headers = {{"Content-Type", "application/json"}};
  if (!authorization_.empty()) headers["Authorization"] = authorization_;
  json::object request = {
      {"method", method}, {"url", url_ + path}, {"headers", std::move(headers)}};
  if (!body.empty()) request["body"] = body;
  const auto answer = http(request, kHttpMs);
  if (answer.status == TILL_REFUSED) return fail(Code::kRegisterOffline, answer.error.detail);
  if (answer.status != TILL_DONE) return fail(Code::kTimeout, "the web server does not answer");
  const auto* object = answer.body.if_object();
  const auto* status = object == nullptr ? nullptr : object->if_contains("status");
  const auto* text = object == nullptr ? nullptr : object->if_contains("body");
  boost::system::error_code bad;
  const int code = status == nullptr ? 0 : status->to_number<int>(bad);
  if (bad || code == 0) return fail(Code::kBadFrame, "HTTP answer");
  if (code == 401 || code == 403) return fail(Code::kRegisterPassword, "web server");
  // The server's own failure says nothing about what it had done by then.
  if (code >= 500 || code == 408) return fail(Code::kTimeout, "HTTP " + std::to_string(code));
  return Reply{code, text != nullptr && text->is_string() ? json::value_to<std::string>(*text)
                                                          : std::string()};
}

Result<bool> WebRegister::submit(const std::string& uuid, const std::vector<std::string>& tasks) {
  std::string list;
  for (const std::string& task : tasks) list += (list.empty() ? "" : ",") + task;
  const auto reply = TILL_TRY(
      http_call("POST", kPath, fmt::format(R"({{"uuid":"{}","request":[{}]}})", uuid, list)));
  if (reply.status == 409) return false;
  if (reply.status >= 200 && reply.status < 300) return true;
  // Not taken, and the server says why.
  const auto body = parse_object(reply.body);
  const auto* error = body ? body->if_contains("error") : nullptr;
  if (error != nullptr && error->is_object()) {
    if (const auto said = outcome({{"status", "error"}, {"error", *error}}); !said) {
      if (said.error().code != Code::kBadFrame) return std::unexpected(said.error());
    }
  }
  return fail(Code::kRegisterRefused, "HTTP " + std::to_string(reply.status));
}

Result<std::optional<WebRegister::Request>> WebRegister::look(const std::string& uuid) {
  const auto reply = TILL_TRY(http_call("GET", kPath + ("/" + uuid), ""));
  if (reply.status == 404) return std::nullopt;
  if (reply.status != 200) return fail(Code::kBadFrame, "HTTP " + std::to_string(reply.status));
  const auto body = TILL_TRY(parse_object(reply.body));
  const auto* results = body.if_contains("results");
  if (results == nullptr || !results->is_array() || results->get_array().empty()) {
    return fail(Code::kBadFrame, "answer without results");
  }
  Request out;
  for (const auto& one : results->get_array()) {
    if (!one.is_object()) return fail(Code::kBadFrame, "results");
    const auto result = outcome(one.get_object());
    out.sold = out.sold || (result && result->contains("fiscalParams"));
    out.results.push_back(one.get_object());
  }
  out.over = std::ranges::all_of(out.results, is_over);
  return out;
}

// A poll that is lost is asked again: it changes nothing.
Result<WebRegister::Request> WebRegister::wait_for(const std::string& uuid,
                                                   std::uint32_t patience_ms) {
  for (std::uint32_t waited = 0; waited <= patience_ms; waited += kPollMs) {
    const auto seen = look(uuid);
    if (seen && !*seen) return fail(Code::kTimeout, "the web server knows no such request");
    if (seen && (*seen)->over) return **seen;
    if (!seen && seen.error().code == Code::kRegisterPassword) return std::unexpected(seen.error());
    if (!sleep(kPollMs)) return fail(Code::kCancelled);
  }
  return fail(Code::kTimeout, "the request is not executed");
}

Result<AtolRegister::Results> WebRegister::run(const std::vector<std::string>& tasks) {
  const std::string uuid =
      till::atol::uuid_of(fmt::format("run {} {} {}", url_, unix_us(), ++counter_));
  if (!TILL_TRY(submit(uuid, tasks))) return fail(Code::kTimeout, "a uuid was used before");
  const auto request = TILL_TRY(wait_for(uuid, kQueryMs));
  if (request.results.size() != tasks.size()) return fail(Code::kBadFrame, "number of results");
  Results out;
  for (const auto& one : request.results) out.push_back(TILL_TRY(outcome(one)));
  return out;
}

Result<json::object> WebRegister::run_once(const std::string& task, const std::string& key) {
  closed_key_.clear();
  for (int attempt = 0; attempt < kMaxTries; ++attempt) {
    const std::string uuid = uuid_of(key, attempt);
    if (TILL_TRY(submit(uuid, {task}))) {
      const auto request = TILL_TRY(wait_for(uuid, kSaleMs));
      return outcome(request.results.front());
    }
    // There was one before. Only of one that is over and sold nothing there may be a next.
    const auto before = TILL_TRY(look(uuid));
    if (!before || !before->over || before->sold) {
      return fail(Code::kTimeout, "this sale was submitted before");
    }
  }
  return fail(Code::kTimeout, "this sale was submitted too often");
}

// A request that still waits can be executed much later: it is taken out of the queue. Whether
// the server can do that is seen by the request's state, not by its answer to the wish.
Result<void> WebRegister::withdraw(const std::string& uuid) {
  TILL_CHECK(http_call("DELETE", kPath + ("/" + uuid), ""));
  if (const auto seen = TILL_TRY(look(uuid)); seen && !seen->over) {
    return fail(Code::kTimeout, "the request still waits in the web server");
  }
  return {};
}

// "No" needs a proof that nothing of ours can be closed later. An open shift is never opened again,
// and the refusal says why: 82 and 200 for an open receipt or document, 83 for the shift itself.
// Without an open shift there is no open receipt.
Result<bool> WebRegister::left_open() {
  const auto shift = TILL_TRY(read_shift_status(TILL_TRY(ask("getShiftStatus"))));
  if (shift.state == "closed") return false;
  const auto opened = ask("openShift");
  if (opened) return false;
  if (is_loss(opened.error().code)) return std::unexpected(opened.error());
  return opened.error().code == Code::kDocumentOpen;
}

Result<void> WebRegister::await(const std::string& key) {
  if (key.empty()) return {};
  for (int attempt = 0; attempt < kMaxTries; ++attempt) {
    const std::string uuid = uuid_of(key, attempt);
    const auto seen = TILL_TRY(look(uuid));
    if (!seen) return {};
    if (seen->over || wait_for(uuid, kSaleMs)) continue;
    TILL_CHECK(withdraw(uuid));
  }
  return {};
}

// A sale whose submission was lost may still be on its way to the server. Its uuid is given to a
// request that only looks: then the sale comes too late, whenever it comes.
Result<void> WebRegister::close_off(const std::string& key) {
  if (key.empty() || key == closed_key_) return {};
  for (int attempt = 0; attempt < kMaxTries; ++attempt) {
    const std::string uuid = uuid_of(key, attempt);
    const auto seen = TILL_TRY(look(uuid));
    if (seen && seen->over) continue;
    if (seen || !TILL_TRY(submit(uuid, {task("getFnStatus")}))) {
      return fail(Code::kTimeout, "the sale has just come in");
    }
    closed_key_ = key;
    return {};
  }
  return fail(Code::kTimeout, "this sale was submitted too often");
}

}  // namespace till::atol
