// The store's link to central: the outbound stream is told in sequence and acknowledged, questions
// are asked with deadlines. Sockets live in a thread of their own (transport.h); everything here
// runs on the core thread, and so does every hook and reply.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/clock.h"
#include "protocols/central/wire.h"
#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/ids.h"
#include "sdk/cpp/base/result.h"
#include "sdk/cpp/base/values.h"

namespace till::link {

// One entry of the outbound stream; sequences begin at 1 and have no holes, `previous` of the first
// is 32 zero bytes, `hash` is protocols/central/chain.h's.
struct OutboundEntry {
  std::uint64_t sequence = 0;
  Uuid id;
  Buffer previous, hash, payload;
};

struct LinkConfig {
  StoreId store;
  std::uint64_t epoch = 0;  // of the journal; a new one is larger
  std::string tell_endpoint, ask_endpoint;
  std::string server_key, public_key, secret_key;  // Z85, 40 characters each
};

struct LinkHooks {
  // Entries from `from` on, at most `most`; fewer or none when there are no more.
  std::function<std::vector<OutboundEntry>(std::uint64_t from, std::size_t most)> read;
  // Everything up to `sequence` is stored in central for good. It goes back when central was
  // restored from a backup: keep what lies beyond.
  std::function<void(std::uint64_t sequence)> acknowledged;
  // kFork, kChainBroken, kSequenceGap, kStoreMismatch, kStoreUnknown: telling has stopped and is
  // tried again every few minutes. kPoison: central set one entry aside and goes on. Once for each.
  std::function<void(const Error&)> alarm;
  // Central takes entries and answers questions, or no longer does; called on changes.
  std::function<void(bool)> online;
  // Runs a function on the core thread; called from any thread.
  std::function<void(std::function<void()>)> post;
  // Runs a function on the core thread after so many microseconds.
  std::function<void(std::int64_t us, std::function<void()>)> after;
};

struct CustomerInfo {
  CustomerId id;
  std::string card_type;
  Points available;  // what this store may spend now, its own allowance included
  bool blocked = false;
  Uuid allowance;  // points granted ahead for the case that central is away; nil = none
  Points allowance_points;
  std::int64_t allowance_expires_us = 0;  // Unix microseconds
  wire::Profile profile = {};
  wire::Coupon coupon = {};  // of a coupon question
  bool inactive = false;     // the card is not active yet
  wire::Standing standing = {};
};

template <class T>
using Reply = std::function<void(Result<T>)>;

class Link {
 public:
  // Throws std::invalid_argument for a key that is no Z85 key or an endpoint ZeroMQ does not know.
  Link(const LinkConfig& config, LinkHooks hooks, Clock& clock, Random& random);
  ~Link();

  // `first_sequence_kept`: the oldest entry `read` can still give (the next one to be, when none).
  void start(std::uint64_t first_sequence_kept, std::uint64_t acknowledged);
  // Joins the thread; open questions are answered kCentralOffline. No hook is called afterwards.
  void stop();
  void entries_available();

  // Replies: kCentralOffline when no answer came in time or central is away; then a hold is
  // *unknown*, not refused. Anything else is central's own answer. Never called from inside the
  // call itself.

  // By card or by phone, the other "". kUnknownCard when central knows neither.
  void lookup(const std::string& card_hash, const std::string& phone_hash, bool want_allowance,
              std::int64_t timeout_us, Reply<CustomerInfo> reply);
  // Makes the customer, or finds the one who has this phone or card. kDuplicate when the two belong
  // to different customers. `card_label`: the card's last four characters, for reports.
  void enrol(const std::string& phone_hash, const std::string& card_hash,
             const std::string& card_type, std::int64_t timeout_us, Reply<CustomerInfo> reply,
             const std::string& card_label = {});
  // The same again gives the same answer. kPointsNotEnough, kCouponRefused, kHoldConflict (other
  // figures under this id), kHoldDead (released or expired), kCardBlocked, kCardInactive,
  // kUnknownCard.
  void hold(wire::HoldRequest request, std::int64_t timeout_us, Reply<CustomerInfo> reply);
  // What central knows of a code, in CustomerInfo::coupon.
  void coupon(const std::string& code, std::int64_t timeout_us, Reply<CustomerInfo> reply);
  // Of an id that central never saw: the id is dead from then on. kHoldConflict when its sale has
  // been posted.
  void release(const Uuid& hold, std::int64_t timeout_us, Reply<CustomerInfo> reply);
  void balance(const CustomerId& customer, std::int64_t timeout_us, Reply<CustomerInfo> reply);

  [[nodiscard]] bool online() const;

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace till::link
