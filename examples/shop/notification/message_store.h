// Messages of processes and what became of them, and the SQL for it. Every function runs inside a transaction of the
// caller.
//
// Include it in .cc files only: it brings SOCI's headers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "examples/shop/common/database.h"

namespace fermata::shop {

extern const std::vector<std::string> kMessageTables;

struct Message {
  long long number = 0;  // grows with time
  std::string id;
  std::string receiver_kind, receiver;  // USER, ROLE or EMAIL
  std::string template_id, language, variables;
  std::string channels;     // those wanted, with commas between; empty = all
  std::string title, body;  // once it is composed
  std::string status, created_dt;
};

void AddMessage(soci::session& sql, const Message& message);
std::optional<Message> FindMessage(soci::session& sql, const std::string& id);
void NoteText(soci::session& sql, const std::string& id, const std::string& title, const std::string& body);
void NoteMessageStatus(soci::session& sql, const std::string& id, const std::string& status);
// Whether the channel has it already.
bool WasDelivered(soci::session& sql, const std::string& id, const std::string& channel);
void NoteDelivery(soci::session& sql, const std::string& id, const std::string& channel, const std::string& status);
// Composed messages for the customer that their page should have, newer than `after`, oldest first, at most 200.
std::vector<Message> PushedMessages(soci::session& sql, const std::string& customer, long long after);

// Whether the customer wants to hear of offers, too.
bool WantsMarketing(soci::session& sql, const std::string& customer);
void SetWantsMarketing(soci::session& sql, const std::string& customer, int wants);
// Where a channel of the customer leads; empty if nowhere.
std::string AddressOf(soci::session& sql, const std::string& customer, const std::string& channel);
// The device that push messages go to.
void SetDevice(soci::session& sql, const std::string& customer, const std::string& device);

}  // namespace fermata::shop
