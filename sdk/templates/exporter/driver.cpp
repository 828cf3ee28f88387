// Hands records to another program by HTTP, one batch a request.
#include <tillbridge/sdk/kinds.h>

namespace {

namespace json = till::json;

class Exporter final : public till::Exporter {
  std::string url_;

  till::Result<void> activate(const json::object& settings) override {
    const auto* url = settings.if_contains("url");
    if (url == nullptr || !url->is_string()) return till::fail(till::Code::kConfigInvalid, "url");
    url_ = json::value_to<std::string>(*url);
    return {};
  }

  // The same batch may come again: the other program knows it by "first".
  till::Result<till::ExportReceipt> write(const till::ExportBatch& batch) override {
    const json::value body = till::described::to_value(batch);
    const auto answer = http({{"method", "POST"},
                              {"url", json::string(url_)},
                              {"headers", json::object{}},
                              {"body", json::string(json::serialize(body))}},
                             10'000);
    if (answer.status != TILL_DONE) return std::unexpected(answer.error);
    const auto status = answer.body.at("status").to_number<int>();
    if (status != 200) return till::fail(till::Code::kBadFrame, {}, std::to_string(status));
    return till::ExportReceipt{batch.first + batch.records.size()};
  }
};

}  // namespace

TILLBRIDGE_PLUGIN(Exporter)
