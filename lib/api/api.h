/*
 * api.h - the names that the programs agree on (PROTOCOL 1 to 3): paths,
 * header names, versions and features. Types <-> JSON are in types.h.
 */
#ifndef API_API_H
#define API_API_H

/* What our programs say they are. */
#define API_BUILDLET_VERSION	29	/* GET /status "Version": the stock level that we match */
#define API_BUILDLET_VERSION_MIN 23	/* older ones are turned away */
#define API_CLIENT_VERSION	"20191119" /* `version` of POST /buildlet/create */
#define API_CLIENT_VERSION_MIN	"20160922"
#define API_PORT		8119

/* Header fields. */
#define API_H_HOST_TYPE		"X-Go-Host-Type"
#define API_H_KEY		"X-Go-Builder-Key"
#define API_H_HOSTNAME		"X-Go-Builder-Hostname"
#define API_H_VERSION		"X-Go-Builder-Version"
#define API_H_REVDIAL		"X-Revdial-Version"
#define API_H_PROXY		"X-Buildlet-Proxy"
/* Ours, of what begins a command: whose environment it gets (coordinator(8)). */
#define API_H_BUILDER_ENV	"X-Gomote-Builder-Env"
/* Ours, of a PUT to an instance through the coordinator, which has no body: the
 * digest of the upload (coordinator(8)) that is to be it. */
#define API_H_UPLOAD		"X-Gomote-Upload"
#define API_H_TARGET_PORT	"X-Target-Port"
#define API_H_SUPPORTED		"X-Supported-Version"
#define API_H_SSH_USER		"X-Go-Ssh-User"
#define API_H_SSH_KEY		"X-Go-Authorized-Key"
#define API_H_PROCESS_STATE	"Process-State"
/* Ours, of execs: which one an answer is about; trailers: why it was ended, and
 * what still runs of it. */
#define API_H_EXEC_ID		"Exec-Id"
#define API_H_EXEC_WHY		"Exec-Why"
#define API_H_EXEC_LEFT		"Exec-Left"
/* Ours: in the 101 to a machine that joined with a one-time token, the key
 * with which it registers from then on; kept in its memory only. */
#define API_H_MACHINE_KEY	"X-Gomote-Machine-Key"

/* Of GET /execs/ID/log: where in all of the log its first record stands (record.h). */
#define API_H_EXEC_OFFSET	"Exec-Offset"

/* revdial versions as they stand in API_H_REVDIAL. */
#define API_REVDIAL_YAMUX	"yamux"
#define API_REVDIAL_V2		"2"

/* Features (PROTOCOL 6): a buildlet lists them in GET /status, the coordinator
 * in GET /api/v1/version. An extension is used only where it is listed. */
#define API_F_LEASE	"lease"		/* POST /lease, and "Lease", "Boot" in /status */
/* GET /ls?links=true: lines of symbolic links end in a tab, "->" and the target
 * with %XX for all but unreserved characters and '/'. */
#define API_F_LSLINK	"lslink"
#define API_F_EXECS	"execs"		/* a command as an object: /execs; of the coordinator: its index */
#define API_F_BUILDER_ENV "builder-env"	/* of the coordinator: it heeds API_H_BUILDER_ENV */
#define API_F_UPLOADS	"uploads"	/* of the coordinator: /api/v1/uploads and API_H_UPLOAD */
#define API_F_EARLY	"uploads-early"	/* of the coordinator: uploads may have names, by which
					 * they can be had while they still come in */
#define API_F_PUSH	"push"		/* GET, POST and PUT /push */
#define API_F_SEAL	"push-seal-xxh3" /* PUT /push takes a sealed body (seal.h) */
#define API_F_ZSTD	"zstd"		/* PUT /writetgz takes zstd, GET /tgz?format=zst gives it */

#endif
