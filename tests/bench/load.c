// The load of the ingest benchmark: many device identities on one thread, one reading a message, QoS 1, on libmosquitto.
//
//     load <host> <port> <CA file or -> <protocol: 3 | 4 | 5> <file of "device id, blank, password" lines>
//
// Standard input commands it: `rate <messages a second of all together>`, `count`, `stop`. `count` is answered with
// "<sent> <acknowledged by the broker> <readings named in `committed`>". Each reading's `t` is the moment of its
// sending. The identities take turns; as a device does, each listens to its own `committed`.
#include <errno.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { DEVICE_LIMIT = 20000, EVENTS = 256, PAYLOAD_BYTES = 256, TICK_MS = 1, BURST = 400, MISC_EVERY_S = 2 };

struct device {
    struct mosquitto *client;
    char topic[120], committed[120];
    uint32_t stream;
    int seq, is_ready, is_waiting_to_write;
};

static struct device devices[DEVICE_LIMIT];
static int device_count, poll_fd;
static long sent, acknowledged, answered;

static void fail(const char *what, int code) {
    fprintf(stderr, "load: %s: %s\n", what, mosquitto_strerror(code));
    exit(1);
}

static double now_s(clockid_t clock) {
    struct timespec at;
    clock_gettime(clock, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

// --- callbacks ---
static void on_connect(struct mosquitto *client, void *object, int code) {
    struct device *device = object;
    if (code) fail("the broker refuses a login", MOSQ_ERR_CONN_REFUSED);
    mosquitto_subscribe(client, NULL, device->committed, 1);
}

static void on_subscribe(struct mosquitto *client, void *object, int mid, int count, const int *granted) {
    (void)client, (void)mid, (void)count, (void)granted;
    ((struct device *)object)->is_ready = 1;
}

static void on_publish(struct mosquitto *client, void *object, int mid) {
    (void)client, (void)object, (void)mid;
    acknowledged++;
}

// {"v":1,"stream":7,"ranges":[[1,5],[7,7]],"refused":[]}: how many readings the ranges name.
static void on_message(struct mosquitto *client, void *object, const struct mosquitto_message *message) {
    (void)client, (void)object;
    char text[8192];
    int length = message->payloadlen < (int)sizeof text - 1 ? message->payloadlen : (int)sizeof text - 1;
    memcpy(text, message->payload, length);
    text[length] = 0;
    const char *at = strstr(text, "\"ranges\":[");
    if (!at) return;
    int low, high, used;
    for (at += 10; sscanf(at, "[%d,%d]%n", &low, &high, &used) == 2; at++) {
        answered += high - low + 1;
        at += used;
        if (*at != ',') break;
    }
}

// --- set-up ---
// Not mosquitto_loop, which takes no more than 1,024 connections.
static int wait_once(struct device *device) {
    short events = POLLIN | (mosquitto_want_write(device->client) ? POLLOUT : 0);
    struct pollfd one = {.fd = mosquitto_socket(device->client), .events = events};
    if (poll(&one, 1, 10000) != 1) return MOSQ_ERR_CONN_LOST;
    int code = one.revents & POLLOUT ? mosquitto_loop_write(device->client, 1) : MOSQ_ERR_SUCCESS;
    return !code && one.revents & ~POLLOUT ? mosquitto_loop_read(device->client, 1) : code;
}

static void open_device(struct device *device, const char *id, const char *password, char **arguments, int number) {
    snprintf(device->topic, sizeof device->topic, "carbontrack/v1/%s/readings", id);
    snprintf(device->committed, sizeof device->committed, "carbontrack/v1/%s/committed", id);
    device->stream = 2000000000u + number;
    device->client = mosquitto_new(id, true, device);
    mosquitto_int_option(device->client, MOSQ_OPT_PROTOCOL_VERSION, atoi(arguments[4]));
    mosquitto_int_option(device->client, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_int_option(device->client, MOSQ_OPT_SEND_MAXIMUM, 1000);
    mosquitto_connect_callback_set(device->client, on_connect);
    mosquitto_subscribe_callback_set(device->client, on_subscribe);
    mosquitto_publish_callback_set(device->client, on_publish);
    mosquitto_message_callback_set(device->client, on_message);
    mosquitto_username_pw_set(device->client, id, password);
    int code = 0;
    if (strcmp(arguments[3], "-")) code = mosquitto_tls_set(device->client, arguments[3], NULL, NULL, NULL, NULL);
    if (!code) code = mosquitto_connect(device->client, arguments[1], atoi(arguments[2]), 60);
    while (!code && !device->is_ready) code = wait_once(device);
    if (code) fail("cannot connect", code);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = device};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, mosquitto_socket(device->client), &event);
}

static void open_devices(char **arguments) {
    FILE *logins = fopen(arguments[5], "r");
    if (!logins) {
        perror(arguments[5]);
        exit(1);
    }
    char id[80], password[120];
    while (device_count < DEVICE_LIMIT && fscanf(logins, "%79s %119s", id, password) == 2) {
        open_device(&devices[device_count], id, password, arguments, device_count);
        device_count++;
    }
    fclose(logins);
}

// --- at work ---
static void watch_for_room(struct device *device) {
    int wants = mosquitto_want_write(device->client);
    if (wants == device->is_waiting_to_write) return;
    device->is_waiting_to_write = wants;
    struct epoll_event event = {.events = EPOLLIN | (wants ? EPOLLOUT : 0), .data.ptr = device};
    epoll_ctl(poll_fd, EPOLL_CTL_MOD, mosquitto_socket(device->client), &event);
}

static void publish_one(struct device *device) {
    char payload[PAYLOAD_BYTES];
    int seq = ++device->seq;
    long long t_ms = (long long)(now_s(CLOCK_REALTIME) * 1000);
    int length = snprintf(payload, sizeof payload,
        "{\"v\":1,\"stream\":%u,\"interval_s\":5,\"readings\":[{\"seq\":%d,\"t\":%lld,\"co2_ppm\":%d.0,"
        "\"temperature_c\":%.1f,\"velocity_ms\":%.2f,\"pressure_pa\":79480,\"flags\":0}]}",
        device->stream, seq, t_ms, 40000 + seq * 37 % 60000, 160 + seq % 500 / 10.0, 2 + seq % 200 / 100.0);
    int code = mosquitto_publish(device->client, NULL, device->topic, length, payload, 1, false);
    if (code) fail("cannot publish", code);
    sent++;
    watch_for_room(device);
}

// Carries out the commands that have come; returns 0 at `stop` and at the end of standard input.
static int obey(double *rate) {
    static char line[64];
    static size_t length;
    ssize_t got = read(STDIN_FILENO, line + length, sizeof line - 1 - length);
    if (got < 0) return errno == EAGAIN;
    if (got == 0) return 0;
    length += got;
    line[length] = 0;
    char *end;
    while ((end = strchr(line, '\n'))) {
        *end = 0;
        if (!strcmp(line, "stop")) return 0;
        if (!strcmp(line, "count")) printf("%ld %ld %ld\n", sent, acknowledged, answered);
        if (!strncmp(line, "rate ", 5)) *rate = atof(line + 5);
        length -= end + 1 - line;
        memmove(line, end + 1, length + 1);
    }
    return 1;
}

static void serve(struct epoll_event *event) {
    struct device *device = event->data.ptr;
    int code = 0;
    if (event->events & EPOLLOUT) code = mosquitto_loop_write(device->client, 1);
    if (!code && event->events & ~EPOLLOUT) code = mosquitto_loop_read(device->client, 1);
    if (code) fail("connection lost", code);
    watch_for_room(device);
}

static void run(void) {
    struct epoll_event events[EVENTS];
    double rate = 0, owed = 0, last_s = now_s(CLOCK_MONOTONIC), misc_s = last_s;
    for (int turn = 0; obey(&rate);) {
        int found = epoll_wait(poll_fd, events, EVENTS, TICK_MS);
        for (int i = 0; i < found; i++) serve(&events[i]);
        double at_s = now_s(CLOCK_MONOTONIC);
        owed += (at_s - last_s) * rate;
        last_s = at_s;
        if (owed > rate) owed = rate;  // a load that was held up does not make up for more than a second
        for (int i = 0; owed >= 1 && i < BURST; i++, owed--) {
            publish_one(&devices[turn]);
            turn = (turn + 1) % device_count;
        }
        if (at_s - misc_s > MISC_EVERY_S) {
            misc_s = at_s;
            // Reads too: with TLS a packet may wait in the library with nothing left on the socket.
            for (int i = 0; i < device_count; i++) {
                mosquitto_loop_read(devices[i].client, 1);
                mosquitto_loop_misc(devices[i].client);
            }
        }
    }
}

int main(int count, char **arguments) {
    if (count != 6) {
        fprintf(stderr, "usage: load <host> <port> <CA file or -> <protocol 3|4|5> <file of logins>\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    mosquitto_lib_init();
    poll_fd = epoll_create1(0);
    open_devices(arguments);
    printf("%d connected\n", device_count);
    fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
    run();
    printf("%ld %ld %ld\n", sent, acknowledged, answered);
    for (int i = 0; i < device_count; i++) mosquitto_disconnect(devices[i].client);
    return 0;
}
