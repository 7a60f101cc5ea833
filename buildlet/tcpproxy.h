/*
 * tcpproxy.h - POST /tcpproxy (ours, feature `tcpproxy`): raw bytes to a TCP
 * port of this machine; the coordinator's request of that name ends here.
 */
#ifndef BUILDLET_TCPPROXY_H
#define BUILDLET_TCPPROXY_H

#include "http/req.h"

#define TCPPROXY_FEATURE "tcpproxy"

void tcpproxy_post(struct http_req *, void *buildlet);

#endif
