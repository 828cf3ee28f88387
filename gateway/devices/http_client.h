// till.http/1: HTTP requests that the daemon makes for channels and drivers of network devices.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <string>

#include "protocols/plugin_ipc/plugin_ipc.h"

namespace till::devices {

// `request` is {"method","url","headers","body"}; ${secret:NAME} in a header or the body is filled
// in from `secrets`, those the device may name. Done with {"status","body"}; refused when nothing
// was sent; in doubt when no answer came after it was. https certificates are checked against the
// system's store.
void http_request(boost::asio::io_context& io, const std::map<std::string, std::string>& secrets,
                  const std::string& request, std::uint32_t timeout_ms,
                  std::function<void(ipc::Outcome)> done);

}  // namespace till::devices
