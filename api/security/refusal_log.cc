#include "api/security/refusal_log.h"

#include "engine/base/log.h"
#include "engine/model/limits.h"

namespace fermata {

void RefusalLog::Note(AuditEntry entry) {
  Refused past;
  {
    std::lock_guard lock(mutex_);
    if (const std::int64_t minute = clock_.NowUs() / 60'000'000; minute != minute_) {
      minute_ = minute;
      past.swap(refused_);
    }
    Minute& now = refused_[{entry.tenant, entry.result}];
    std::pair<std::string, std::string> name(entry.actor, entry.action);
    // Too many different ones are counted together.
    if (now.size() >= kRefusalsPerMinuteMax && !now.contains(name)) {
      name = {"*", "*"};
      entry = {entry.tenant, "*", "*", "", entry.result};
    }
    const auto [at, is_first] = now.try_emplace(std::move(name), Counted{entry, 0});
    if (!is_first) {
      ++at->second.more;
      entry.result.clear();
    }
  }
  TellCounted(past);
  if (!entry.result.empty()) Write(std::move(entry));
}

void RefusalLog::TellCounted() {
  Refused past;
  {
    std::lock_guard lock(mutex_);
    past.swap(refused_);
  }
  TellCounted(past);
}

void RefusalLog::TellCounted(const Refused& past) {
  for (const auto& [group, minute] : past)
    for (const auto& [name, counted] : minute)
      if (counted.more > 0) {
        AuditEntry rest = counted.entry;
        rest.result += " " + std::to_string(counted.more) + " more in a minute";
        Write(std::move(rest));
      }
}

void RefusalLog::Write(AuditEntry entry) {
  audit_.Append(std::move(entry), [](const Status& written) {
    if (!written.ok()) LogWarning("The audit log has not taken a refusal.", {{"reason", written.error().message}});
  });
}

}  // namespace fermata
