/* The reads of the Modbus benchmark on libmodbus: what a C program pays for them.
 *
 *     libmodbus_client PORT CONNECTIONS CYCLES READS REGISTERS
 *
 * Each cycle reads READS blocks of REGISTERS registers on every connection, one request under way on
 * each: all connections are asked before the first is listened to, so that none waits for another.
 * Registers become floats. Prints the CPU seconds that the cycles took, and the sum of the last floats.
 */
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define MOST 64

static double cpu_s(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return use.ru_utime.tv_sec + use.ru_stime.tv_sec + (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
    if (argc != 6) return 2;
    int connections = atoi(argv[2]), cycles = atoi(argv[3]), reads = atoi(argv[4]), count = atoi(argv[5]);
    modbus_t *client[MOST];
    static float values[MOST][128];
    if (connections > MOST || count > 125) return 2;
    for (int c = 0; c < connections; c++) {
        client[c] = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
        modbus_set_slave(client[c], 1);
        if (modbus_connect(client[c])) return 1;
    }
    double began = cpu_s();
    for (int cycle = 0; cycle < cycles; cycle++)
        for (int read = 0; read < reads; read++) {
            int at = read * count;
            uint8_t request[] = {1, 3, at >> 8, at & 0xFF, count >> 8, count & 0xFF};
            for (int c = 0; c < connections; c++)
                if (modbus_send_raw_request(client[c], request, sizeof request) < 0) return 1;
            for (int c = 0; c < connections; c++) {
                uint8_t answer[MODBUS_TCP_MAX_ADU_LENGTH];
                if (modbus_receive_confirmation(client[c], answer) != 9 + 2 * count) return 1;
                for (int n = 0; n < count / 2; n++) {
                    uint16_t words[2] = {answer[9 + 4 * n] << 8 | answer[10 + 4 * n],
                                         answer[11 + 4 * n] << 8 | answer[12 + 4 * n]};
                    values[c][n] = modbus_get_float_abcd(words);
                }
            }
        }
    double took = cpu_s() - began;
    double sum = 0;
    for (int n = 0; n < count / 2; n++) sum += values[0][n];
    printf("%.6f %.3f\n", took, sum);
    return 0;
}
