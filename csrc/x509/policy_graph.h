/* SPDX-License-Identifier: MIT
 * policy_graph.h - certificate policies along a path (RFC 5280 section 6.1), as the graph of RFC
 * 9618: its size is bounded by the certificates', where the tree of RFC 5280 may grow without
 * bound. */
#ifndef LT_X509_POLICY_GRAPH_H
#define LT_X509_POLICY_GRAPH_H

#include "x509/path.h"

/* The policies that hold for the path go into the request's report, if there is one.
 * LT_certificate_policy, LT_bad_certificate (an extension does not decode), LT_limit, LT_memory. */
lt_code lt_policies_check(const lt_path *path, lt_path_fault *fault, lt_error *e);

#endif
