// The small devices of a counter: the customer's display and the cash drawer follow the sale, the
// scale weighs when a till asks. None of them ever holds up a sale.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/errors.h"
#include "gateway/checkout/sale.h"
#include "gateway/devices/device.h"

namespace till::app {

// What the customer reads, two lines; none = nothing to show. Nothing at all (nullopt): what is
// shown stays.
std::optional<std::vector<std::string>> display_lines(const checkout::Sale& sale,
                                                      Language language);

// Cash came, so change may be due.
bool paid_in_cash(const checkout::Sale& sale);

class Counter {
 public:
  // The device that offers this verb to this till, its own before everybody's; nullptr = none.
  using Find = std::function<std::shared_ptr<devices::Device>(std::string_view verb,
                                                              const std::string& till)>;

  Counter(Find find, Language language, bool drawer_on_cash)
      : find_(std::move(find)), language_(language), drawer_on_cash_(drawer_on_cash) {}

  void sale_changed(const checkout::Sale& sale);
  // A device that was away: what it should show is shown again.
  void is_back(const std::shared_ptr<devices::Device>& device);
  // `what`: "weigh", "zero" or "tare". kNotFound, kNoSuchDevice, or what the scale says.
  void scale(const std::string& till, const std::string& what, const boost::json::object& body,
             const std::function<void(Result<boost::json::object>)>& reply);

 private:
  struct Screen {
    std::vector<std::string> wanted, shown;
    bool busy = false;
  };
  void show(const std::string& till, std::vector<std::string> lines);
  void refresh(const std::shared_ptr<devices::Device>& device);
  void open_drawer(const checkout::Sale& sale);

  Find find_;
  Language language_;
  bool drawer_on_cash_;
  std::map<std::string, Screen> screens_;  // by device
  std::deque<std::string> opened_;         // the last attempts whose drawer was opened
};

}  // namespace till::app
