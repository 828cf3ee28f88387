// HTTP as plain data: what the routes see and give. The server (server.h) is the I/O around it.
#pragma once

#include <functional>
#include <string>

namespace till::api {

struct Request {
  std::string method;  // "GET", "POST" …
  std::string path;    // without the query
  std::string host;
  std::string origin;
  std::string token;  // of "Authorization: Bearer …", "" = none
  std::string idempotency_key;
  std::string language;  // Accept-Language as sent
  std::string content_type;
  std::string body;
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json; charset=utf-8";
};

using Reply = std::function<void(Response)>;

}  // namespace till::api
