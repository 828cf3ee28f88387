#include "device_command.h"

#include <fstream>
#include <iostream>
#include <stdexcept>

#include "gateway/base/errors.h"
#include "words.h"

namespace till::app {

namespace json = boost::json;

namespace {

Language language_of(const SaleOptions& options) {
  return options.language == "en" ? Language::kEn : Language::kRu;
}

Result<std::string> token_in(const std::string& file) {
  std::ifstream in(file);
  if (!in) return fail(Code::kBadFile, file + ": there is no such file");
  std::string token;
  in >> token;
  if (token.empty()) return fail(Code::kBadFile, file + ": no token inside");
  return token;
}

}  // namespace

Result<void> check_access(const SaleOptions& options) {
  TILL_CHECK(ApiClient::check_url(options.url));
  TILL_CHECK(token_in(options.token_file));
  if (!options.senior_token_file.empty()) TILL_CHECK(token_in(options.senior_token_file));
  return {};
}

std::string read_token(const std::string& file) {
  auto token = token_in(file);
  if (!token) throw std::runtime_error(token.error().detail);
  return *std::move(token);
}

bool show_devices(const Result<ApiAnswer>& answer, Language language) {
  if (!answer || answer->status >= 300) {
    std::cout << trouble_text(answer, language);
    return false;
  }
  const auto said = [&](const json::value& device, const char* field) {
    return device_word(member_text(device, field), language);
  };
  for (const auto& d : answer->body.at("devices").as_array()) {
    const bool online = member_text(d, "online") == "true";
    std::cout << "  " << member_text(d, "id") << "  " << said(d, "kind") << "  "
              << member_text(d, "port") << "  " << said(d, "state") << "  "
              << device_word(online ? "online" : "offline", language) << "\n";
    if (const auto* problem = d.as_object().if_contains("problem");
        problem != nullptr && problem->is_object()) {
      std::cout << "    " << member_text(*problem, "code") << " " << member_text(*problem, "what")
                << " " << member_text(*problem, "detail") << "\n";
    }
  }
  return true;
}

int list_devices(const SaleOptions& options) {
  ApiClient api(options.url, read_token(options.token_file), options.language);
  return show_devices(api.call("GET", "/v1/devices"), language_of(options)) ? 0 : 1;
}

int release_device(const SaleOptions& options, const std::string& device) {
  ApiClient api(options.url, read_token(options.token_file), options.language);
  const auto answer = api.call("POST", "/v1/devices/" + device + "/release", json::object{});
  if (answer && answer->status < 300) return 0;
  std::cout << trouble_text(answer, language_of(options));
  return 1;
}

}  // namespace till::app
