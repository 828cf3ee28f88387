// The running store: devices, desk, journal and link wired together. One thread owns all of it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "gateway/api/server.h"
#include "gateway/app/config.h"
#include "gateway/app/counter.h"
#include "gateway/app/exports.h"
#include "gateway/app/marking.h"
#include "gateway/app/registers.h"
#include "gateway/app/rule_plugins.h"
#include "gateway/app/till_register.h"
#include "gateway/checkout/desk.h"
#include "gateway/journal/journal.h"
#include "gateway/link/link.h"
#include "gateway/supervisor/catalogue.h"

namespace till::app {

// A card that was swiped or scanned and waits for the till to say whose sale it belongs to. The
// number never leaves the gateway; the till only knows the event's name.
struct PendingCard {
  CardNumber number;
  std::string type;
  std::string till;
  std::int64_t at_us = 0;
};

class Store final : public checkout::PointsPort {
 public:
  Store(boost::asio::io_context& io, Config config, Clock& clock, Random& random);
  ~Store() override;

  // Reads the files, opens the journal, starts devices and link, recovers, then listens.
  // Errors name the file, the key or the address.
  Result<void> start();
  // Devices are asked to end; all have when ended() says so, within TILL_GRACE_MS.
  void stop();
  [[nodiscard]] bool ended() const;

  // ---- for the routes ----
  checkout::Desk& desk() { return *desk_; }
  // Empty where the till prints by itself.
  Registers& registers() { return *registers_; }
  // Runs it so much later on the core thread.
  void after(std::int64_t us, std::function<void()> f);
  TillRegister* till_register() { return till_register_.get(); }
  // Runs once when the till is to print this sale: the intent is on the disk then.
  void when_printing(const Uuid& sale, std::function<void()> then) {
    when_printing_[sale] = std::move(then);
  }
  Operators& operators() { return *operators_; }
  Clock& clock() { return clock_; }
  [[nodiscard]] std::string local_time() const;
  // Of the store's calendar, for rules; nothing = the program's.
  [[nodiscard]] std::optional<std::int64_t> utc_offset_min(std::int64_t unix_us) const;
  const Config& config() const { return config_; }
  // By an Accept-Language: "en…", "ru…", else the store's.
  [[nodiscard]] Language language_of(std::string_view asked) const {
    return asked.starts_with("en")   ? Language::kEn
           : asked.starts_with("ru") ? Language::kRu
                                     : config_.language;
  }
  const goods::Catalogue& goods() const { return goods_; }
  journal::Journal& journal() { return *journal_; }
  Metrics& metrics() { return metrics_; }
  [[nodiscard]] bool central_online() const { return link_ && link_->online(); }
  [[nodiscard]] boost::json::array describe_devices() const;
  // Devices only a person can mend.
  [[nodiscard]] boost::json::array alarms() const;
  boost::json::array describe_plugins();
  Counter& counter() { return *counter_; }
  // A driver in quarantine may try again. kNoSuchDevice, kSaleState when it is not in quarantine.
  Result<void> release_device(const std::string& id);
  [[nodiscard]] unsigned short port() const { return server_->port(); }

  using IdentityReply = std::function<void(Result<checkout::Identity>)>;
  // By a card event the till heard of, or by a number typed at the till.
  void identify_card(const Uuid& sale, const std::string& till, const std::string& event,
                     const std::string& typed, const IdentityReply& reply);
  // Sends a one-time code bound to the phone, the sale and the highest redemption.
  void send_code(const Uuid& sale, const TillId& till, const std::string& phone, Points highest,
                 const std::function<void(Result<void>)>& reply);
  void identify_phone(const Uuid& sale, const std::string& phone, const std::string& code,
                      bool enrol, const IdentityReply& reply);
  // A coupon or promotion code for a sale: central is asked what it knows, then the desk decides.
  void add_code(const Uuid& sale, const std::string& code,
                const std::function<void(Result<void>)>& reply);
  // Has marked pieces checked, asks the program's rule plugins, if it names any, and works the sale
  // out. kMarkForbidden, kMarkUnchecked name the line.
  void quote(const Uuid& sale, const std::optional<std::vector<loyalty::Payment>>& payments,
             const std::function<void(Result<void>)>& reply, int tries = 3);
  // What the customer may spend now, by central's word.
  void balance(const checkout::Identity& who, const std::function<void(Result<Points>)>& reply);
  // May this customer redeem so many? One known by phone needs a code's proof for this sale:
  // kCodeExpired, kCodeBound with the most it allows.
  Result<void> may_redeem(const checkout::Identity& who, Points points);
  // A scan typed or sent by a till: the item, or a card event.
  Result<const goods::Item*> scanned(std::string_view raw, std::string_view aim);
  // A bank card where goods or a code was meant: none of its digits may be kept or shown. Many
  // goods' numbers look like one.
  [[nodiscard]] bool is_bank_card(const std::string& raw) const;

 private:
  void hold(const checkout::HoldAsk& ask, checkout::Then<Result<void>> then) override;
  Result<void> open_files();
  Result<void> open_journal();
  void open_limits();
  void open_quarantine();
  void open_services();
  Result<void> make_devices();
  void make_exports();
  void make_marking();
  std::shared_ptr<devices::Device> make_device(const devices::DeviceConfig& config,
                                               const std::string& kind);
  void open_desk();
  Result<void> open_link();
  Result<void> serve();
  void on_device_event(const std::string& device, const std::string& type,
                       const boost::json::value& body);
  void on_scan(const std::string& till, const std::string& device, const std::string& raw,
               const std::string& aim);
  void on_card(const std::string& till, const std::string& device, CardNumber number);
  void on_weight(const std::string& till, const std::string& device,
                 const boost::json::object& weighing);
  void on_input_error(const std::string& till, const std::string& device, const Error& error);
  void on_sale_changed(const checkout::Sale& sale);
  void print_slip(const checkout::Sale& sale);
  void identify_card(const Uuid& sale, const CardNumber& card, const IdentityReply& reply);
  // May not be used in a sale of that cashier (kOwnCard).
  [[nodiscard]] bool is_cashiers_own(const Uuid& sale, const std::string& hash) const;
  void lookup(checkout::Identity who, const std::string& card_hash, const std::string& phone_hash,
              bool enrol, const IdentityReply& reply);
  void forget_code(const Uuid& sale);
  [[nodiscard]] bool is_code(const std::string& raw) const;
  static checkout::Profile profile_of(const wire::Profile& told);
  checkout::Identity of_card(const CardNumber& card) const;
  void publish(const std::string& till, const boost::json::value& event);
  // The same with words in it: each listener gets its own language.
  void publish(const std::string& till, const std::function<boost::json::object(Language)>& event);
  void idle_round();
  [[nodiscard]] std::string program_stamp() const;
  void look_at_program();
  void look_at_register();
  Result<void> make_registers();
  std::unique_ptr<Fiscal> make_fiscal(const std::string& id, bool alone);
  void ask_till(const std::string& witness, const char* what, const FiscalReceipt& receipt);
  std::string till_of(const std::string& device) const;
  std::shared_ptr<devices::Device> device_of_kind(std::string_view kind) const;
  std::shared_ptr<devices::Device> device_for(std::string_view verb, const std::string& till) const;

  boost::asio::io_context& io_;
  Config config_;
  Clock& clock_;
  Random& random_;
  Metrics metrics_;
  goods::Catalogue goods_;
  loyalty::Program program_;
  std::string program_seen_;  // times and sizes of its files when they were read
  identify::StoreKey store_key_{};
  std::unique_ptr<identify::Codes> codes_;
  std::map<Uuid, identify::CodeBinding> code_of_sale_;
  std::unique_ptr<supervisor::Quarantine> quarantine_;
  std::unique_ptr<supervisor::Poison> poison_;
  boost::asio::thread_pool disk_{1};  // what plugins keep is written there
  std::unique_ptr<devices::DeviceServices> services_;
  std::map<std::string, std::shared_ptr<devices::Device>> devices_;
  std::map<std::string, std::string> device_till_;
  std::unique_ptr<journal::Journal> journal_;
  std::unique_ptr<Operators> operators_;
  std::unique_ptr<Registers> registers_;
  std::unique_ptr<TillRegister> till_register_;
  std::map<Uuid, std::function<void()>> when_printing_;
  std::unique_ptr<checkout::Desk> desk_;
  std::unique_ptr<link::Link> link_;
  std::unique_ptr<api::Server> server_;
  std::map<std::string, PendingCard> cards_;
  std::uint64_t card_events_ = 0;
  std::int64_t looked_us_ = 0;  // at the register, 0 = not yet
  boost::asio::steady_timer idle_timer_;
  std::unique_ptr<Counter> counter_;
  std::unique_ptr<RulePlugins> rule_plugins_;
  std::unique_ptr<Exports> exports_;
  std::unique_ptr<Marking> marking_;  // where a device checks marked goods
  supervisor::Catalogue catalogue_;
  std::optional<supervisor::Cgroups> cgroups_;
  int lock_fd_ = -1;
};

// Everything the configuration names: goods, program, key file, manifests and their settings.
// Errors name the file; nothing is started and nothing written.
Result<void> check_store_files(const Config& config);
// Of these, what is no device.
Result<void> check_named_files(const Config& config);

// The public face of a sale: amounts as decimal text, everything explained.
boost::json::object sale_view(const checkout::Sale& sale, Language language);
boost::json::object error_view(const Error& error, Language language);

// The routes of openapi.yaml.
class Routes {
 public:
  Routes(Store& store, api::AccessList access) : store_(store), access_(std::move(access)) {}

  void handle(const api::Request& request, api::Reply reply);
  Result<std::string> subscribe(const api::Request& request) const;
  api::Response error(const Error& error, const std::string& language) const;

 private:
  struct Context;
  void with_key(const Context& context, api::Reply reply);
  void dispatch(const Context& context, api::Reply reply);
  void sale_route(const Context& context, api::Reply reply);
  Result<api::Response> edit(const Context& context, const Uuid& id);
  // Answers with the sale as it stands once something was done to it, or with its error.
  std::function<void(const Result<void>&)> with_sale(const Uuid& id, std::string language,
                                                     api::Reply reply);
  void quote(const Context& context, const Uuid& id, const api::Reply& reply);
  void code(const Context& context, const Uuid& id, const api::Reply& reply);
  void identify(const Context& context, const Uuid& id, api::Reply reply);
  void pay(const Context& context, const Uuid& id, api::Reply reply);
  api::Response paid(const checkout::Sale& sale, Language language) const;
  Result<api::Response> told_by_till(const Context& context, const checkout::Sale& sale);
  void settle(const Context& context, const Uuid& id, api::Reply reply);
  Result<api::Response> open_sale(const Context& context);
  Result<api::Response> open_return(const Context& context);
  void registers_route(const Context& context, api::Reply reply);
  void register_route(const Context& context, Fiscal* there, api::Reply reply);
  void register_status(const std::string& language, Fiscal& there, const api::Reply& reply);
  void register_picture(const Context& c, Fiscal& there, const api::Reply& reply);
  [[nodiscard]] boost::json::array doubts(const Fiscal& there) const;
  void register_setting(const Context& context, Fiscal& there, const api::Reply& reply);
  void write_setting(const std::string& language, Fiscal& there, const api::Reply& reply,
                     const boost::json::object& field, const boost::json::value& value);
  void change_undo(const std::function<void(boost::json::array&)>& change);
  void undo_setting(const std::string& language, Fiscal& there, const api::Reply& reply);
  Result<void> register_arm(const Context& context, Fiscal& there, const api::Reply& reply);
  Result<void> register_cash(const Context& context, Fiscal& there, const api::Reply& reply);
  Result<api::Response> open_document(const Context& context);
  Result<api::Response> open_undo(const Context& context, const checkout::Sale& sale);
  checkout::Then<Result<boost::json::value>> passing_on(const std::string& language,
                                                        const api::Reply& reply) const;
  api::Response sale_response(const Uuid& id, const std::string& language, int status = 200);

  Store& store_;
  api::AccessList access_;
};

}  // namespace till::app
