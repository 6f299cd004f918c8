/* CRC32C (Castagnoli), the check over every datagram: RFC 3720 appendix B.4. */
#ifndef DATAPLANE_PROTO_CRC32C_H
#define DATAPLANE_PROTO_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of bytes that follow those that crc is of; crc is 0 at the start. Uses the CPU's own
 * instruction where it has one. */
uint32_t jtp_crc32c(uint32_t crc, const void *bytes, size_t count);

/* The same, one table look-up a byte: what runs on other CPUs. */
uint32_t jtp_crc32c_plain(uint32_t crc, const void *bytes, size_t count);

#endif
