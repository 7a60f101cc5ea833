/*
 * sshrole.h - the helper role `ssh`: a host key, a configuration, an sshd.
 *
 *	ssh STATE WORKDIR USER KEY	one session on stdin and stdout
 *
 * STATE is the directory of workdir_state(): the host key stays there; each
 * session has a directory STATE/ssh-XXXXXX, removed at its end or, if it was
 * killed, by sshrole_clean.
 */
#ifndef BUILDLET_SSHROLE_H
#define BUILDLET_SSHROLE_H

#define SSH_KEY_MAX	(16 * 1024)
#define SSH_USER_MAX	64

int sshrole_run(int argc, char **argv);
/* What killed sessions left in the state directory. Blocks. */
void sshrole_clean(const char *state);
/* Where OpenSSH's sshd is; NULL: not installed. */
const char *sshrole_sshd(void);

#endif
