#include "gateway/link/asker.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "gateway/link/teller.h"

namespace till::link {
namespace {

CustomerInfo info(wire::Customer&& c) {
  return {std::move(c.id),
          std::move(c.card_type),
          c.available,
          c.blocked,
          c.allowance,
          c.allowance_points,
          c.allowance_expires_us,
          std::move(c.profile),
          std::move(c.coupon),
          c.inactive,
          c.standing};
}

}  // namespace

Asker::Asker(Random& random) {
  std::array<std::uint8_t, 8> bytes{};
  random.fill(bytes);
  std::memcpy(&number_, bytes.data(), bytes.size());
}

Result<Buffer> Asker::ask(decltype(wire::Ask::body) body, std::int64_t deadline,
                          const Reply<CustomerInfo>& reply) {
  if (open_.size() >= kMaxQuestions) return fail(Code::kTooManyRequests, "central");
  const wire::Ask question{++number_, std::move(body)};
  open_.emplace(question.number, Question{deadline, reply});
  return wire::encode(question);
}

std::vector<Asker::Due> Asker::on_message(Bytes message) {
  std::vector<Due> due;
  auto answer = wire::decode_answer(message);
  if (!answer) return due;
  const auto at = open_.find(answer->number);
  if (at == open_.end()) return due;
  due.push_back({std::move(at->second.reply), CustomerInfo{}});
  open_.erase(at);
  if (answer->code != 0) {
    due[0].result = fail(static_cast<Code>(answer->code), std::move(answer->detail));
  } else {
    due[0].result = info(std::move(answer->customer));
  }
  return due;
}

std::vector<Asker::Due> Asker::on_timer(std::int64_t now) {
  std::vector<Due> due;
  for (auto at = open_.begin(); at != open_.end();) {
    if (at->second.deadline > now) {
      ++at;
      continue;
    }
    due.push_back({std::move(at->second.reply), fail(Code::kCentralOffline, "no answer in time")});
    at = open_.erase(at);
  }
  return due;
}

std::vector<Asker::Due> Asker::give_up() { return on_timer(kNever); }

std::int64_t Asker::next_timer() const {
  std::int64_t next = kNever;
  for (const auto& [number, question] : open_) next = std::min(next, question.deadline);
  return next;
}

}  // namespace till::link
