#include "api/http/problem.h"

#include "engine/model/json.h"

namespace fermata {

HttpResponse Problem(int status, ErrorCode code, std::string_view title, std::string_view detail,
                     const ProblemMembers& members) {
  const std::string name = FormatErrorCode(code);
  HttpResponse response{status, {{"Content-Type", "application/problem+json"}}, "{\"type\":"};
  std::string& body = response.body;
  AppendJsonString("/errors/" + name, body);
  body += ",\"title\":";
  AppendJsonString(title, body);
  body += ",\"status\":" + std::to_string(status) + ",\"detail\":";
  AppendJsonString(detail, body);
  body += ",\"code\":";
  AppendJsonString(name, body);
  for (const auto& [member, json] : members) {
    body += ',';
    AppendJsonString(member, body);
    body += ':';
    body += json;
  }
  body += '}';
  return response;
}

HttpResponse Problem(int status, const Error& error) {
  ProblemMembers members;
  for (const auto& [name, text] : {std::pair{"path", &error.path}, std::pair{"hint", &error.hint}}) {
    if (text->empty()) continue;
    std::string json;
    AppendJsonString(*text, json);
    members.emplace_back(name, std::move(json));
  }
  return Problem(status, error.code, ReasonPhrase(status), error.message, members);
}

}  // namespace fermata
