/*
 * dnslib.h - the resolver of libevent (libevent_extra), loaded when the first
 * name is looked up (dynlib.h): each function is from here on a member of a
 * table. For net.c, and for loop.c, which lets go of it.
 */
#ifndef IO_DNSLIB_H
#define IO_DNSLIB_H

#include <event2/dns.h>

#include "base/dynlib.h"

#define DNSLIB_FUNCTIONS(F) \
	F(evdns_base_free) \
	F(evdns_base_new) \
	F(evdns_getaddrinfo) \
	F(evdns_getaddrinfo_cancel)

struct dnslib { DNSLIB_FUNCTIONS(DYNLIB_MEMBER) };

/* Dies where it is not installed. */
const struct dnslib *dnslib(void);

#define evdns_base_free			(dnslib()->evdns_base_free)
#define evdns_base_new			(dnslib()->evdns_base_new)
#define evdns_getaddrinfo		(dnslib()->evdns_getaddrinfo)
#define evdns_getaddrinfo_cancel	(dnslib()->evdns_getaddrinfo_cancel)

#endif
