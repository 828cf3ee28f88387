#include "gateway/link/link.h"

#include <algorithm>
#include <utility>

#include "gateway/link/asker.h"
#include "gateway/link/teller.h"
#include "gateway/link/transport.h"

namespace till::link {

// Shared with what has been posted, so that a late function finds it stopped, not gone.
struct Link::Core : std::enable_shared_from_this<Core> {
  Core(const LinkConfig& config, LinkHooks with, Clock& time, Random& random)
      : hooks(std::move(with)),
        clock(time),
        teller(
            config.store, config.epoch,
            [this](auto from, auto most) { return hooks.read(from, most); }, random),
        asker(random),
        transport(config, events()) {}

  Transport::Events events() {
    return {.message =
                [this](bool tell, std::string bytes) {
                  post([tell, bytes = std::move(bytes)](Core& core) { core.receive(tell, bytes); });
                },
            .connected =
                [this](bool tell, bool yes) {
                  post([tell, yes](Core& core) { core.connected(tell, yes); });
                },
            .refused = [this] { post([](Core& core) { core.refused(); }); }};
  }

  // From any thread: runs on the core thread unless stopped by then.
  template <typename F>
  void post(F run) {
    hooks.post([weak = weak_from_this(), run = std::move(run)] {
      if (const auto core = weak.lock(); core && core->running) run(*core);
    });
  }

  void receive(bool tell, const std::string& bytes) {
    if (tell) {
      said_refused = false;
      apply(teller.on_message(as_bytes(bytes), clock.monotonic_us()));
    } else {
      reply(asker.on_message(as_bytes(bytes)));
    }
  }

  void connected(bool tell, bool yes) {
    if (!tell) {
      can_ask = yes;
      apply({});
      if (!yes) reply(asker.give_up());  // answers can not find back to a new connection
    } else if (yes) {
      apply(teller.on_connected(clock.monotonic_us()));
    } else {
      teller.on_disconnected();
      apply({});
    }
  }

  void refused() {
    if (!std::exchange(said_refused, true)) hooks.alarm({Code::kStoreUnknown, "", ""});
  }

  void apply(const Teller::Step& step) {
    for (const auto& message : step.send) transport.send_tell(message);
    if (step.acknowledged) hooks.acknowledged(*step.acknowledged);
    for (const auto& alarm : step.alarms) hooks.alarm(alarm);
    const bool now = teller.online() && can_ask;
    if (std::exchange(online, now) != now) hooks.online(now);
    schedule();
  }

  void reply(std::vector<Asker::Due> due) {
    for (auto& d : due) d.reply(std::move(d.result));
    schedule();
  }

  // One timer for the earliest deadline; one that has become needless does no harm.
  void schedule() {
    const std::int64_t due = std::min(teller.next_timer(), asker.next_timer());
    if (!running || due == kNever || timer_at <= due) return;
    timer_at = due;
    const std::int64_t wait = std::max<std::int64_t>(due - clock.monotonic_us(), 0);
    hooks.after(wait, [weak = weak_from_this(), due] {
      const auto core = weak.lock();
      if (!core || !core->running || core->timer_at != due) return;
      core->timer_at = kNever;
      core->apply(core->teller.on_timer(core->clock.monotonic_us()));
      core->reply(core->asker.on_timer(core->clock.monotonic_us()));
    });
  }

  void ask(decltype(wire::Ask::body) body, std::int64_t timeout_us, Reply<CustomerInfo> to) {
    const std::int64_t deadline = clock.monotonic_us() + timeout_us;
    auto message = online ? asker.ask(std::move(body), deadline, to)
                          : Result<Buffer>(fail(Code::kCentralOffline));
    if (message) {
      transport.send_ask(*message);
      schedule();
    } else {
      hooks.post(
          [to = std::move(to), error = std::move(message).error()] { to(std::unexpected(error)); });
    }
  }

  LinkHooks hooks;
  Clock& clock;
  Teller teller;
  Asker asker;
  bool running = false;
  bool can_ask = false;  // the asking socket's connection stands; the telling one's is the teller's
  bool online = false;
  bool said_refused = false;
  std::int64_t timer_at = kNever;
  Transport transport;  // the last: its thread ends before anything else goes
};

Link::Link(const LinkConfig& config, LinkHooks hooks, Clock& clock, Random& random)
    : core_(std::make_shared<Core>(config, std::move(hooks), clock, random)) {}

Link::~Link() { stop(); }

void Link::start(std::uint64_t first_sequence_kept, std::uint64_t acknowledged) {
  core_->teller.start(first_sequence_kept, acknowledged);
  core_->running = true;
  core_->transport.start();
}

void Link::stop() {
  if (!std::exchange(core_->running, false)) return;
  core_->transport.stop();
  core_->online = false;
  core_->reply(core_->asker.give_up());
}

void Link::entries_available() {
  if (core_->running) core_->apply(core_->teller.entries_available(core_->clock.monotonic_us()));
}

void Link::lookup(const std::string& card_hash, const std::string& phone_hash, bool want_allowance,
                  std::int64_t timeout_us, Reply<CustomerInfo> reply) {
  core_->ask(wire::Lookup{card_hash, phone_hash, want_allowance}, timeout_us, std::move(reply));
}

void Link::enrol(const std::string& phone_hash, const std::string& card_hash,
                 const std::string& card_type, std::int64_t timeout_us, Reply<CustomerInfo> reply,
                 const std::string& card_label) {
  core_->ask(wire::Enrol{phone_hash, card_hash, card_type, card_label}, timeout_us,
             std::move(reply));
}

void Link::hold(wire::HoldRequest request, std::int64_t timeout_us, Reply<CustomerInfo> reply) {
  core_->ask(std::move(request), timeout_us, std::move(reply));
}

void Link::coupon(const std::string& code, std::int64_t timeout_us, Reply<CustomerInfo> reply) {
  core_->ask(wire::CouponQuestion{code}, timeout_us, std::move(reply));
}

void Link::release(const Uuid& hold, std::int64_t timeout_us, Reply<CustomerInfo> reply) {
  core_->ask(wire::Release{hold}, timeout_us, std::move(reply));
}

void Link::balance(const CustomerId& customer, std::int64_t timeout_us, Reply<CustomerInfo> reply) {
  core_->ask(wire::Balance{customer}, timeout_us, std::move(reply));
}

bool Link::online() const { return core_->online; }

}  // namespace till::link
