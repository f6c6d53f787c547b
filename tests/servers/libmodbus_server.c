/* A Modbus server on libmodbus, with faults on command.
 *
 *     libmodbus_server PORT
 *     libmodbus_server DEVICE UNIT BAUD
 *
 * listens on 127.0.0.1, or is a unit on a serial line, and says "ready". Commands come on standard input, one a line, each
 * answered with "ok":
 *
 *     set TABLE ADDRESS VALUE...    TABLE is c (coils), d (discrete inputs), h (holding), i (input)
 *     get TABLE ADDRESS COUNT       answers with the values instead of "ok"
 *     fault TABLE ADDRESS CODE      requests that touch it get this exception; 0 ends it, -1 is silence
 *     unit ID CODE                  requests to this unit likewise
 *     delay MILLISECONDS            before each answer
 *     limit COUNT                   reads of more registers than this get exception 3
 *     spin ON                       poll without sleeping, so that waking us costs the client nothing
 *     clear                         ends all faults, the delay and the limit
 *
 * Standard input closed ends it.
 */
#include <errno.h>
#include <modbus.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SIZE 4000
#define HEADER header

static modbus_mapping_t *map;
static int fault_of[4][SIZE]; /* by table c d h i */
static int fault_of_unit[256];
static int delay_ms;
static int limit = SIZE;
static int spin;
static int header = 7; /* bytes before the function code */

static int table_of(char name) { return name == 'c' ? 0 : name == 'd' ? 1 : name == 'h' ? 2 : 3; }

static int get(int table, int at)
{
    switch (table) {
    case 0: return map->tab_bits[at];
    case 1: return map->tab_input_bits[at];
    case 2: return map->tab_registers[at];
    default: return map->tab_input_registers[at];
    }
}

static void set(int table, int at, int value)
{
    switch (table) {
    case 0: map->tab_bits[at] = value; break;
    case 1: map->tab_input_bits[at] = value; break;
    case 2: map->tab_registers[at] = value; break;
    default: map->tab_input_registers[at] = value;
    }
}

static void obey(char *line)
{
    char *word = strtok(line, " \n");
    if (!word) return;
    if (!strcmp(word, "set") || !strcmp(word, "get")) {
        int table = table_of(*strtok(NULL, " ")), at = atoi(strtok(NULL, " "));
        char *value = strtok(NULL, " \n");
        if (!strcmp(word, "set")) {
            for (; value; value = strtok(NULL, " \n")) set(table, at++, atoi(value));
        } else {
            for (int n = atoi(value); n > 0; n--) printf("%d%s", get(table, at++), n > 1 ? " " : "\n");
            fflush(stdout);
            return;
        }
    } else if (!strcmp(word, "fault")) {
        int table = table_of(*strtok(NULL, " ")), at = atoi(strtok(NULL, " "));
        fault_of[table][at] = atoi(strtok(NULL, " \n"));
    } else if (!strcmp(word, "unit")) {
        int unit = atoi(strtok(NULL, " "));
        fault_of_unit[unit] = atoi(strtok(NULL, " \n"));
    } else if (!strcmp(word, "delay")) {
        delay_ms = atoi(strtok(NULL, " \n"));
    } else if (!strcmp(word, "limit")) {
        limit = atoi(strtok(NULL, " \n"));
    } else if (!strcmp(word, "spin")) {
        spin = atoi(strtok(NULL, " \n"));
    } else if (!strcmp(word, "clear")) {
        memset(fault_of, 0, sizeof fault_of);
        memset(fault_of_unit, 0, sizeof fault_of_unit);
        delay_ms = 0;
        limit = SIZE;
    }
    puts("ok");
    fflush(stdout);
}

/* The exception that a request is to get; 0 none, -1 silence. */
static int fault_for(const uint8_t *query)
{
    static const int table_by_function[24] = {[1] = 1, [2] = 2, [3] = 3, [4] = 4, [5] = 1, [6] = 3,
                                              [15] = 1, [16] = 3, [22] = 3, [23] = 3};
    static const int faults_by_table[5] = {0, 0, 1, 2, 3};
    int function = query[HEADER], at = query[HEADER + 1] << 8 | query[HEADER + 2];
    int single = function == 5 || function == 6 || function == 22;
    int count = single ? 1 : query[HEADER + 3] << 8 | query[HEADER + 4];
    if (fault_of_unit[query[HEADER - 1]]) return fault_of_unit[query[HEADER - 1]];
    if (function > 23 || !table_by_function[function]) return 0;
    if ((function == 3 || function == 4) && count > limit) return 3;
    for (; count > 0 && at < SIZE; count--, at++) {
        int code = fault_of[faults_by_table[table_by_function[function]]][at];
        if (code) return code;
    }
    return 0;
}

static void serve(modbus_t *server, int socket, fd_set *open)
{
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    if (header > 1) modbus_set_socket(server, socket);
    int length = modbus_receive(server, query);
    if (length < 0 && header == 1) return; /* a damaged frame: the line stays */
    if (length < 0) {
        close(socket);
        FD_CLR(socket, open);
        return;
    }
    if (length == 0) return;
    if (delay_ms) {
        struct timespec wait = {delay_ms / 1000, delay_ms % 1000 * 1000000L};
        nanosleep(&wait, NULL);
    }
    int code = fault_for(query);
    if (code > 0)
        modbus_reply_exception(server, query, code);
    else if (code == 0)
        modbus_reply(server, query, length, map);
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 4) return 2;
    int serial = argc == 4;
    modbus_t *server = serial ? modbus_new_rtu(argv[1], atoi(argv[3]), 'E', 8, 1)
                              : modbus_new_tcp("127.0.0.1", atoi(argv[1]));
    map = modbus_mapping_new(SIZE, SIZE, SIZE, SIZE);
    int listener = -1;
    if (server && map && serial && !modbus_set_slave(server, atoi(argv[2])) && !modbus_connect(server)) {
        header = modbus_get_header_length(server);
        listener = modbus_get_socket(server);
    } else if (server && map && !serial)
        listener = modbus_tcp_listen(server, 64);
    if (listener < 0) {
        fprintf(stderr, "cannot serve %s: %s\n", argv[1], modbus_strerror(errno));
        return 1;
    }
    puts("ready");
    fflush(stdout);
    fd_set open, ready;
    int highest = listener;
    FD_ZERO(&open);
    FD_SET(STDIN_FILENO, &open);
    FD_SET(listener, &open);
    for (;;) {
        ready = open;
        struct timeval at_once = {0, 0};
        if (select(highest + 1, &ready, NULL, NULL, spin ? &at_once : NULL) <= 0) continue;
        if (FD_ISSET(STDIN_FILENO, &ready)) {
            char line[4096];
            size_t n = 0;
            char c;
            while (n < sizeof line - 1 && read(STDIN_FILENO, &c, 1) == 1 && c != '\n') line[n++] = c;
            if (n == 0) return 0;
            line[n] = 0;
            obey(line);
        }
        for (int socket = listener; socket <= highest; socket++) {
            if (!FD_ISSET(socket, &ready)) continue;
            if (serial || socket != listener) {
                serve(server, socket, &open);
                continue;
            }
            int client = accept(listener, NULL, NULL);
            if (client < 0 || client >= FD_SETSIZE) continue;
            int prompt = 1; /* several requests may be under way: no answer waits for the last one's ACK */
            setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &prompt, sizeof prompt);
            FD_SET(client, &open);
            if (client > highest) highest = client;
        }
    }
}
