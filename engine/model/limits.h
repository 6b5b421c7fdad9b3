// Every bound of the engine, with its reason. Reaching one is a coded error, never a crash.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fermata {

// ---- values ----
inline constexpr int kValueDepthMax =
    64;  // deeper documents are mistakes or attacks; keeps recursion off the stack's end
inline constexpr std::size_t kJsonBytesMax = 4 << 20;       // one request body or connector answer
inline constexpr std::size_t kVariablesBytesMax = 4 << 20;  // all variables of one instance together

// ---- YAML ----
inline constexpr std::size_t kYamlBytesMax = 256 << 10;  // yaml-cpp needs 0.3 s for 1 MB
inline constexpr int kYamlDepthMax = 64;
inline constexpr int kYamlNodesMax = 100'000;  // after expanding aliases: stops alias bombs in 50 ms

// ---- expressions ----
inline constexpr std::size_t kExpressionBytesMax = 16 << 10;
inline constexpr int kExpressionDepthMax = 128;   // nesting of the syntax tree
inline constexpr int kExpressionHeightMax = 600;  // of the syntax tree: a + b + c … is as high as it is long
inline constexpr int kExpressionNodesMax = 10'000;
inline constexpr std::int64_t kEvaluationStepsMax = 1'000'000;  // about 100 ms
inline constexpr std::size_t kEvaluationBytesMax = 16 << 20;    // built by one evaluation
inline constexpr std::size_t kRegexBytesMax = 4 << 10;
inline constexpr std::int64_t kRegexMemoryMax = 8 << 20;  // RE2's own budget
inline constexpr int kRegexConstantsMax = 16;  // kept compiled by one expression; further ones are compiled at each use

// ---- schemas ----
inline constexpr int kSchemaDepthMax = 64;
inline constexpr int kSchemaRefDepthMax =
    64;                                      // through $ref while validating; recursion is bounded by the value anyway
inline constexpr int kSchemaErrorsMax = 20;  // reported of one value
inline constexpr int kSchemaStepsMax =
    1'000'000;  // subschemas applied to one value: stops schemas that multiply through $ref
inline constexpr int kSchemaNestingMax =
    1'000;  // frames of one validation: $ref depth times value depth, kept off the stack's end

// ---- processes ----
inline constexpr int kStatesMax = 2'000;  // of one definition
inline constexpr int kStateNestingMax = 16;
inline constexpr int kNameBytesMax = 63;
inline constexpr int kMicrostepsMax = 1'000;  // language.md: beyond it is `livelock`
inline constexpr int kDiagnosticsMax = 200;   // of one file
inline constexpr int kCronSearchDays =
    30 * 366;  // for the next tick: 29 February on a given weekday comes every 28 years
inline constexpr std::size_t kScheduleQueueMax =
    1'000;  // ticks that wait for an instance to end; further ones are skipped
inline constexpr std::size_t kScheduleInstancesMax =
    10'000;  // live ones that a schedule remembers; the oldest are forgotten

// ---- instances ----
inline constexpr std::size_t kKeyBytesMax = 1'024;  // business keys, idempotency keys, correlation values
inline constexpr std::size_t kKeptEventsPerInstanceMax = 1'000;
inline constexpr std::size_t kKeptEventsPerValueMax = 1'000;
inline constexpr std::int64_t kKeepDefaultMs = 7LL * 24 * 3600 * 1000;
inline constexpr std::int64_t kRetentionDefaultMs = 30LL * 24 * 3600 * 1000;  // of finished instances
inline constexpr int kRetentionRowsAtOnce = 200;  // deleted by one commit: it takes some milliseconds longer
inline constexpr int kExpiredRowsAtOnce = 1'000;  // of each table, by one commit
inline constexpr std::int64_t kEventIdentityMs = 30LL * 24 * 3600 * 1000;
inline constexpr std::int64_t kIdempotencyKeyMs = 7LL * 24 * 3600 * 1000;
inline constexpr std::size_t kUndoRecordsMax = 100'000;  // of one instance
inline constexpr std::size_t kActiveStatesMax = 10'000;  // of one instance, over regions and items
inline constexpr std::int64_t kSnapshotEvents = 256;     // a snapshot every so many journal rows
inline constexpr std::size_t kSnapshotBytes = 64 << 10;  // or so many journal bytes

// ---- operators ----
inline constexpr int kBulkPerSecondDefault = 50;  // leaves most of the engine to everybody else
inline constexpr int kBulkPerSecondMax = 1'000;
inline constexpr int kBulksUnderWayMax = 20;             // of one tenant
inline constexpr std::size_t kBulksKeptMax = 200;        // works in bulk of one tenant, those that are over too
inline constexpr std::int64_t kBulkRetryMsMax = 30'000;  // between two tries, while storage does not take the progress
inline constexpr std::size_t kBulkRefusalsKept = 20;     // enough to see what is wrong
inline constexpr std::int64_t kBulkTrialMax = 10'000;    // instances that a dry run looks at: about a second
inline constexpr std::size_t kCrossingsMax = 4;          // migrations that one instance can take back
inline constexpr std::size_t kMigrationReasonsMax = 10;  // told of one that cannot be done
inline constexpr std::int64_t kExplainRowsMax = 2'048;   // of a journal, from its end: some milliseconds of reads
inline constexpr std::int64_t kTaskRowsMax = 8'192;      // likewise, for the tasks that an instance has had
inline constexpr std::int64_t kAuditEveryMs = 60'000;
inline constexpr int kAuditRowsAtOnce = 50;  // live instances in one look: some milliseconds of reads
inline constexpr std::int64_t kAuditOverdueMs =
    600'000;  // so late no timer fires and no call ends, however much there is to do

// ---- jobs ----
inline constexpr std::int64_t kJobTimeoutDefaultMs = 30'000;
inline constexpr std::int64_t kRetryFirstDefaultMs = 1'000;
inline constexpr std::int64_t kRetryMaxDefaultMs = 3'600'000;
inline constexpr std::size_t kConnectorAnswerBytesMax = 4 << 20;
inline constexpr std::size_t kConnectorAnswerHeadBytesMax = 64 << 10;  // status line and headers
inline constexpr std::int64_t kRetryAfterMsMax = 3'600'000;            // a service's Retry-After counts up to here
inline constexpr int kHostThreadsMax = 64;  // calls at once: threads that wait for sockets cost 100 KB each
inline constexpr int kHostConcurrencyDefault =
    16;  // calls of one operation at once, unless its manifest says otherwise
inline constexpr std::size_t kHttpHandlesMax = 64;  // idle connections kept by one HTTP connector
inline constexpr std::size_t kSecretBytesMax = 64 << 10;
inline constexpr std::size_t kMailBytesMax = 1 << 20;  // one mail, encoded
inline constexpr std::size_t kMailTemplateBytesMax = 256 << 10;

inline constexpr std::int64_t kLeaseDefaultMs = 30'000;  // of a job that a worker has fetched
inline constexpr std::int64_t kLeaseMsMin = 1'000;       // shorter ones lapse on the way to the worker
inline constexpr std::int64_t kLeaseMsMax = 86'400'000;
inline constexpr int kJobsFetchedMax = 100;                   // by one request: one commit, one answer
inline constexpr int kOperationsFetchedMax = 100;             // asked for by one request
inline constexpr std::size_t kFetchesWaitingMax = 10'000;     // workers and streams that wait for jobs
inline constexpr std::int64_t kStreamOutstandingMax = 1'000;  // jobs that one stream may hold

// ---- human tasks ----
inline constexpr std::int64_t kTaskCommentsMax = 1'000;  // of one task; they stay in the journal
inline constexpr std::size_t kTaskCommentBytesMax = 16 << 10;
inline constexpr std::size_t kTaskCandidatesMax = 50;  // roles and names that one search for tasks gives

// ---- webhooks ----
inline constexpr int kWebhookLane = 1'020;                 // of storage; beside the engine's own
inline constexpr std::size_t kWebhooksPerTenantMax = 100;  // every decision looks at all of them
inline constexpr std::size_t kWebhookUrlBytesMax = 2'048;
inline constexpr std::size_t kWebhookTextBytesMax = 500;  // of a description
inline constexpr std::size_t kWebhookSecretBytes = 32;    // as long as the hash: more would not be stronger
inline constexpr std::int64_t kWebhookSecretOverlapMs = 24LL * 3600 * 1000;  // that the old one signs along
inline constexpr std::size_t kWebhookOldSecretsMax = 3;  // that sign along at once: each makes every request longer
inline constexpr std::int64_t kWebhookTimeoutMs = 15'000;
inline constexpr std::size_t kWebhookAnswerBytesMax = 16 << 10;  // read, so that the connection can be used again
inline constexpr std::int64_t kWebhookAnswerBodyMs = 1'000;      // for that, once the status is there
inline constexpr int kWebhookThreads = 16;
inline constexpr int kWebhookRequestsMax = 4;  // at once to one webhook: four that hang leave threads to the others
inline constexpr int kWebhookRowsRead = 64;    // of one webhook at once
inline constexpr std::int64_t kWebhookRetriesMs[] = {5'000,      300'000,    1'800'000,  7'200'000, 18'000'000,
                                                     36'000'000, 50'400'000, 72'000'000, 86'400'000};
inline constexpr std::int64_t kWebhookRetryMsMax = 7LL * 24 * 3600 * 1000;  // one wait that an operator can name
inline constexpr std::size_t kWebhookRetriesMax = 20;                       // that an operator can name
inline constexpr int kWebhookJitterPercent = 20;                            // a wait is up to so much longer
inline constexpr std::int64_t kWebhookRetryAfterMsMax =
    24LL * 3600 * 1000;  // a receiver's Retry-After counts up to here
inline constexpr std::int64_t kWebhookFailingMsMax = 5LL * 24 * 3600 * 1000;  // without a success: then it is disabled
inline constexpr std::int64_t kWebhookWaitMsMax =
    14LL * 24 * 3600 * 1000;                                 // of a delivery to a webhook that is disabled
inline constexpr std::int64_t kWebhookPendingMax = 100'000;  // of one webhook; the oldest are given up
inline constexpr std::int64_t kWebhookFinishedMax = 10'000;  // of one webhook, delivered and failed ones each
inline constexpr std::int64_t kWebhookDeliveredKeptMs = 3LL * 24 * 3600 * 1000;
inline constexpr std::int64_t kWebhookFailedKeptMs = 30LL * 24 * 3600 * 1000;
inline constexpr std::int64_t kWebhookTidyEveryMs = 30'000;
inline constexpr int kWebhookRowsAtOnce = 500;           // changed or deleted by one commit
inline constexpr std::int64_t kWebhookCountShare = 100;  // deliveries are counted for so small a share of the time

// ---- drawing ----
inline constexpr std::size_t kDrawnEdgesMax = 2'000;  // Graphviz needs seconds for them, and the time grows faster

// ---- runtime ----
inline constexpr std::size_t kInboxCommandsMax = 10'000;  // beyond: 503 with Retry-After
inline constexpr std::size_t kBatchCommandsMax = 256;     // beyond it p99 grows and throughput does not
inline constexpr std::size_t kBatchBytesMax = 4 << 20;
inline constexpr int kCommitsInFlightMax = 4;                     // decided ahead of the oldest unfinished commit
inline constexpr std::size_t kInstanceCacheMax = 20'000;          // idle ones leave first
inline constexpr std::int64_t kTimerHorizonMs = 5LL * 60 * 1000;  // later timers stay rows until then
inline constexpr std::size_t kTimersInMemoryMax =
    200'000;                                             // of one shard; the horizon moves nearer when there are more
inline constexpr std::size_t kJobsInFlightMax = 50'000;  // beyond it starts are refused with 503
inline constexpr std::int64_t kWaitMaxMs = 60'000;       // ?wait= of a request
inline constexpr std::size_t kEngineCallInstancesMax =
    10'000;  // found by one engine.cancel or engine.find: as many as an inbox takes at once

// ---- storage ----
inline constexpr std::size_t kSqliteGroupBatchesMax = 64;  // merged into one transaction
inline constexpr std::size_t kSqliteGroupBytesMax =
    16 << 20;                           // a bigger transaction gains nothing and keeps others waiting
inline constexpr int kShardsMax = 256;  // logical shards: an id has a byte for its own
inline constexpr int kSqlitePageBytes = 4 << 10;
inline constexpr int kSqliteLogPages = 4'000;      // 16 MB of log start a checkpoint
inline constexpr int kSqliteLogPagesMax = 64'000;  // 256 MB of log: wait for readers to let it start anew
inline constexpr std::int64_t kSqliteLogBytesReserved = 20 << 20;  // what a log has grown to when it starts anew
inline constexpr std::int64_t kSqliteLogBytesKept = 64 << 20;      // of the log file after a peak
inline constexpr std::int64_t kSqliteFreePagesKept = 1'024;        // 4 MB: used again rather than given back
inline constexpr std::int64_t kSqliteFreeShareKept = 8;            // and an eighth of the file
inline constexpr std::int64_t kSqlitePagesReturned = 256;          // to the disk by one commit: some milliseconds
inline constexpr std::int64_t kSqliteRewrittenPagesMax =
    64 << 10;  // 256 MB, a second or two: a larger file of an earlier version is not rewritten at a start
inline constexpr int kSqliteWriterCacheKib = 64 << 10;
inline constexpr int kSqliteReaderCacheKib = 8 << 10;
inline constexpr int kPostgresShards = kShardsMax;           // logical ones
inline constexpr std::size_t kPostgresGroupBatchesMax = 16;  // of one lane, merged into one transaction
inline constexpr std::size_t kPostgresGroupBytesMax = 16 << 20;
inline constexpr int kPostgresIdleInTransactionMs = 5'000;  // a frozen node lets go of its lease rows after it
inline constexpr int kPostgresLockTimeoutMs = 10'000;  // longer than that, so that a takeover outwaits a frozen node
inline constexpr int kPostgresCommitTries = 4;         // after deadlocks and connections lost before COMMIT
inline constexpr int kPostgresReconnectFirstMs = 50;   // doubled after each failure
inline constexpr std::int64_t kPostgresAnswerMs =
    30'000;  // without a byte from the server: then the connection is lost. Disks that stall for seconds are none
// A frame of an export is what import commits at once, and what is lost when either is interrupted.
inline constexpr std::size_t kExportFrameBytes = 1 << 20;
inline constexpr std::size_t kExportFrameRows = 4'000;
// Far more than a frame with one row of the largest payload: what is longer is damage, and is not read into memory.
inline constexpr std::uint32_t kExportFrameBytesMax = 256 << 20;
inline constexpr int kTableRowsRead = 64;  // of a table at once, by export and verify: payloads are up to megabytes
inline constexpr std::size_t kCuresAtOnce = 256;  // rows that verify mends in one transaction
inline constexpr int kBackupPagesAtOnce = 256;    // a megabyte: a step that takes milliseconds

// ---- nodes ----
inline constexpr int kMailboxFirst = kShardsMax;  // inbox rows from here on are for nodes; below for shards
inline constexpr int kMailboxLast = 32'767;
inline constexpr std::int64_t kNodeBeatMs = 400;         // how often a node tells that it lives, and looks who does
inline constexpr std::int64_t kNodeSilentMs = 3'000;     // without a beat for so long, a node is expelled
inline constexpr std::int64_t kNodePollMs = 400;         // how often rows are looked for that no hint told of
inline constexpr std::int64_t kNodeAnswerMs = 20'000;    // how long a request waits for the node that owns its shard
inline constexpr std::size_t kNodeRequestsMax = 10'000;  // that wait for other nodes at once; then 503
inline constexpr std::size_t kHintBytesMax = 7'000;      // PostgreSQL takes less than 8,000 at once
inline constexpr int kHintPauseMsMax = 10'000;           // between two tries to connect for hints; they double up to it

// ---- scenarios ----
inline constexpr int kScenarioTurnsMax =
    100'000;  // messages and timers of one step: instances may wake each other for ever
inline constexpr std::size_t kScenarioHistoryMax =
    80;  // lines of a failed case's history that are shown, the last ones

// ---- HTTP ----
inline constexpr std::size_t kHttpHeadBytesMax = 16 << 10;
inline constexpr int kHttpHeadersMax = 100;
inline constexpr std::size_t kHttpTargetBytesMax = 8 << 10;
inline constexpr std::size_t kHttpBodyBytesMax = 4 << 20;
inline constexpr int kHttpConnectionsMax = 4'096;
inline constexpr std::size_t kHttpPipelineBytesMax =
    64 << 10;  // received behind a request that is still being answered; beyond: closed
inline constexpr std::size_t kHttpChunkLineBytesMax = 1'024;        // a chunk's size with its extensions
inline constexpr std::size_t kHttpCompressBytesMin = 1'024;         // shorter answers are not worth it
inline constexpr std::size_t kHttpStreamBacklogBytesMax = 1 << 20;  // a stream's slow reader is dropped beyond it
inline constexpr std::int64_t kStreamHeartbeatMs = 15'000;          // below what proxies take for a dead connection
inline constexpr std::int64_t kHttpHeaderTimeoutMs = 10'000;
inline constexpr std::int64_t kHttpBodyTimeoutMs = 60'000;   // 4 MiB at 70 kB/s
inline constexpr std::int64_t kHttpIdleTimeoutMs = 120'000;  // above nginx's 60 s, so that the proxy closes first
inline constexpr std::int64_t kHttpWriteTimeoutMs = 30'000;
inline constexpr std::int64_t kHttpLingerMs =
    1'000;  // for the client to read our last answer before an RST could drop it
inline constexpr std::int64_t kHttpStopGraceMs = 2'000;
inline constexpr std::int64_t kServerStopMsMax = 60'000;   // then it ends at once; below the 90 s of systemd
inline constexpr int kIncidentSeriesMax = 1'000;           // of /metrics
inline constexpr std::size_t kNewsKept = 8'192;            // changes that a listener may be behind
inline constexpr std::int64_t kNewsWantedMs = 5 * 60'000;  // kept for listeners that come back
inline constexpr int kPageItemsDefault = 50;
inline constexpr int kPageItemsMax = 500;
inline constexpr int kApiThreads = 4;               // wait for storage on behalf of requests
inline constexpr std::size_t kApiQueueMax = 4'096;  // requests waiting for one of them; beyond: 503

// ---- security ----
inline constexpr int kSecurityLane = 1'010;            // of storage; beside the engine's own
inline constexpr std::size_t kSecurityGroupMax = 256;  // changes that share a commit
inline constexpr std::size_t kAuditAsksMax = 4'096;    // requests that wait for their row of the audit log; beyond: 503
inline constexpr std::size_t kAuditAskBytesMax = 64 << 20;       // of these requests; one is let in however large
inline constexpr std::size_t kSecurityQueueMax = 16'384;         // changes that wait for their commit; beyond: 503
inline constexpr std::size_t kSecurityQueueBytesMax = 16 << 20;  // of the rows of the audit log among them
inline constexpr std::size_t kApiKeysMax = 10'000;
inline constexpr std::size_t kApiKeyWordsMax = 32;  // process globs of one key
inline constexpr std::size_t kApiKeyNameBytesMax = 200;
inline constexpr std::int64_t kApiKeyUsedEveryMs = 3'600'000;  // how exactly the last use of a key is kept
inline constexpr double kRequestsPerSecondDefault = 1'000;     // of one key
inline constexpr double kRequestsPerSecondMax = 1'000'000;
inline constexpr std::size_t kCallersLimitedMax = 100'000;  // remembered for their rates; beyond: all begin anew
inline constexpr std::size_t kOwnersCachedMax = 100'000;    // instances whose tenant is known without looking
inline constexpr std::size_t kBearerTokenBytesMax = 12 << 10;
inline constexpr std::size_t kRefusalsPerMinuteMax = 60;  // rows of the audit log, of one tenant and status
inline constexpr int kAuditRowsSearchedMax = 20'000;      // for one page with filters
inline constexpr int kAuditRowsPerRead = 500;
inline constexpr std::int64_t kAuditStepUs = 3'600'000'000;      // so far back may the clock have gone between two rows
inline constexpr std::int64_t kTokenLeewayMs = 60'000;           // between our clock and that of a token's issuer
inline constexpr std::int64_t kIssuerKeysFreshMs = 10 * 60'000;  // then they are asked for again
inline constexpr std::int64_t kIssuerKeysPauseMs = 30'000;       // at least between two times
inline constexpr std::int64_t kIssuerTimeoutMs = 5'000;
inline constexpr std::size_t kIssuerAnswerBytesMax = 1 << 20;

}  // namespace fermata
