/*
 * ssh.h - POST /connect-ssh: the connection is turned into one to an sshd that
 * is started for it alone and lets in the one key of the request.
 *
 * The sshd (OpenSSH's, in inetd mode) is started by the helper role `ssh`
 * (sshrole.c) under a keeper, so that whatever the session started can be
 * killed with it.
 */
#ifndef BUILDLET_SSH_H
#define BUILDLET_SSH_H

#include "http/req.h"

void ssh_post(struct http_req *, void *buildlet);

#endif
