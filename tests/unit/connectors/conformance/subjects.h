// The connectors that the suite is run on.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connectors/sdk/connector.h"
#include "engine/model/manifest.h"

namespace fermata::test {

// It stands in the configuration of every connector under test, and must stand nowhere else.
inline constexpr const char* kSecret = "hunter2-hunter2";

struct Subject {
  std::string name;
  // The connector, speaking to a service at 127.0.0.1:port.
  std::function<std::unique_ptr<Connector>(int port)> make;
  // The real service: its port, a job that has an effect (with a fresh key and fresh data each time), and how often that effect happened.
  std::function<int()> service_port;
  std::function<Job()> make_job;
  std::function<int(const Job&)> effects;
};

std::vector<Subject> AllSubjects();

// What connectors/NAME/NAME.yaml makes, with a secret in its headers.
std::unique_ptr<Connector> MakeShopConnector(const std::string& name, int port);

// The manifest as the engine would read it from what the connector gives.
ManifestPtr ManifestOf(Connector& connector);

// The outcome in words: "success …", or the error's name, ": " and its text.
std::string Describe(const Outcome& outcome);

}  // namespace fermata::test
