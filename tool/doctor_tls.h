/* What a server's certificate says, for neon-odbc doctor. */
#ifndef NEON_TOOL_DOCTOR_TLS_H
#define NEON_TOOL_DOCTOR_TLS_H

#include <curl/curl.h>
#include <stddef.h>

/* Appends the names, the issuer and the time of the certificate that the transfer saw
 * (CURLOPT_CERTINFO). */
void doctor_certificate(CURL *c, char *text, size_t cap);
/* After a certificate was refused: connects again without believing it and without sending
 * anything, appends what it says, and returns what to do about it. Changes the handle's options. */
const char *doctor_distrust(CURL *c, char *text, size_t cap);

#endif
