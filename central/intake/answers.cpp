#include "central/intake/answers.h"

#include <algorithm>

#include "gateway/base/json.h"
#include "gateway/base/limits.h"
#include "gateway/loyalty/calendar.h"
#include "gateway/loyalty/plan.h"

namespace till::central {

std::optional<wire::Answer> Answers::answer(const StoreId& store, Bytes question) {
  const auto ask = wire::decode_ask(question);
  if (!ask) return std::nullopt;
  wire::Answer out{ask->number, 0, "", {}};
  const auto refuse = [&](const Error& why) {
    out.code = static_cast<int>(why.code);
    out.detail = why.detail;
    return out;
  };
  std::string hash_key;
  {
    auto row = db_.query("SELECT hash_key FROM stores WHERE store=?", store.value);
    if (!row.next()) return refuse({Code::kStoreUnknown, store.value, ""});
    hash_key = row.text(0);
  }
  const Store from{store, hash_key};
  db_.exec("SAVEPOINT question");
  auto done = catch_overflow("the question", [&] {
    return std::visit([&](const auto& body) { return answer(from, body); }, ask->body);
  });
  if (!done) db_.exec("ROLLBACK TO question");
  db_.exec("RELEASE question");
  if (!done) return refuse(done.error());
  out.customer = std::move(*done);
  return out;
}

Result<wire::Customer> Answers::answer(const Store& store, const wire::Lookup& ask) {
  const auto found = TILL_TRY(directory_.find(store, ask));
  if (ask.want_allowance && !found.blocked && cards_.active(found))
    holds_.allow(found.id, store.id);
  return customer(found, store.id);
}

Result<wire::Customer> Answers::answer(const Store& store, const wire::HoldRequest& ask) {
  if (ask.customer.value.empty() && ask.points.units == 0) {  // a coupon of nobody in particular
    TILL_CHECK(holds_.grant(store.id, ask));
    return wire::Customer{};
  }
  const auto record = directory_.record(ask.customer);
  if (!record) return fail(Code::kUnknownCard);
  if (record->blocked) return fail(Code::kCardBlocked, "blocked");
  if (ask.points.units > 0 && !cards_.active(*record)) return fail(Code::kCardInactive);
  auto request = ask;
  request.customer = record->id;  // two may have been merged since she was recognised
  TILL_CHECK(holds_.grant(store.id, request));
  return customer(*record, store.id);
}

Result<wire::Customer> Answers::answer(const Store& store, const wire::Release& ask) {
  TILL_CHECK(holds_.release(store.id, ask.hold));
  const auto id = holds_.customer_of(store.id, ask.hold);
  const auto record = id ? directory_.record(*id) : std::nullopt;
  return record ? customer(*record, store.id) : wire::Customer{};
}

Result<wire::Customer> Answers::answer(const Store& store, const wire::Enrol& ask) {
  const auto enrolled = TILL_TRY(directory_.enrol(store, ask));
  const auto record = directory_.record(enrolled.id);
  if (!record) return fail(Code::kInternal, "enrol");
  cards_.enrolled(*record, enrolled.begins, !ask.phone_hash.empty());
  Points welcome;
  if (enrolled.fresh) {
    for (const auto& c : events_.enrolled(*record, store.id, clock_.unix_us()).credits) {
      if (c.account == record->id.value && c.purse == "points") welcome += c.amount;
    }
  }
  auto answer = customer(*record, store.id);
  answer.standing.welcome = welcome;
  return answer;
}

Result<wire::Customer> Answers::answer(const Store& store, const wire::Balance& ask) {
  const auto record = directory_.record(ask.customer);
  if (!record) return fail(Code::kUnknownCard);
  return customer(*record, store.id);
}

Result<wire::Customer> Answers::answer(const Store& store, const wire::CouponQuestion& ask) {
  if (ask.code.empty() || ask.code.size() > till::limits::kMaxCodeBytes) {
    return fail(Code::kBadValue, "code");
  }
  wire::Customer out;
  out.coupon = coupons_.look_up(ask.code, store.id);
  return out;
}

wire::Standing Answers::standing(const CustomerId& id) {
  const auto points = ledger_.standing({id});
  wire::Standing out{{}, points.pending, points.expiring, 0};
  if (points.expires == INT64_MAX) return out;
  const auto offset = programs_.current().plan().settings.utc_offset_min;
  out.expires_day = loyalty::local_time(points.expires - 1, offset).day;
  return out;
}

wire::Customer Answers::customer(const CustomerRecord& record, const StoreId& store) {
  wire::Customer out{record.id, record.card_type, {}, record.blocked, {}, {}, 0, {}, {}};
  out.inactive = !cards_.active(record);
  out.profile = profiles_.of(record.id, store);
  out.standing = standing(record.id);
  out.available = std::max(holds_.available(record.id, store), Points{});
  if (const auto allowance = holds_.allowance(record.id, store)) {
    out.allowance = allowance->id;
    out.allowance_points = allowance->points;
    out.allowance_expires_us = allowance->expires_us;
  }
  return out;
}

}  // namespace till::central
